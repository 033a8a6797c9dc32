"""`seamwork lab` in a browser: JupyterLab comes up quietly, and a cell with %check shows the verdict."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import nbformat
import pytest
from whole import Program

from checker.evidence.ports import Port
from checker.wait import eventually

BROWSER = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}
TOKEN = "of-this-test"
WITHIN = 45.0

Ask = Callable[[str], Any]


@pytest.fixture
def space(tmp_path: Path) -> Iterator[tuple[Program, Path]]:
    """A workspace of the tiny course with one notebook; the kernels get a home of their own."""
    program = Program(tmp_path / "installed")
    folder = program.workspace(tmp_path / "space")
    (folder / "notebooks").mkdir()
    cells = [nbformat.v4.new_code_cell(cell) for cell in ("%load_ext checker.notebook", "%check")]
    nbformat.write(
        nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": KERNEL}), folder / "notebooks" / "it.ipynb"
    )
    yield program, folder
    shutil.rmtree(tmp_path, ignore_errors=True)


@pytest.fixture
def address(space: tuple[Program, Path]) -> Iterator[str]:
    """Where `seamwork lab` serves it."""
    program, folder = space
    kept = Port("127.0.0.1", 0)
    kept.close()
    line = program.line("lab", "--no-browser", f"--ServerApp.port={kept.number}", f"--IdentityProvider.token={TOKEN}")
    env = program.environment({"PYTHONPATH": str(program.file.parent)})
    with subprocess.Popen(line, cwd=folder, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as served:
        yield f"http://127.0.0.1:{kept.number}"
        served.terminate()


def asked(address: str) -> Ask:
    """A client of JupyterLab's own API; what does not answer yet is None."""

    def ask(path: str) -> Any:
        try:
            return httpx.get(f"{address}{path}", params={"token": TOKEN}, trust_env=False, timeout=5).json()
        except httpx.HTTPError:
            return None

    return ask


def idle(ask: Ask) -> bool:
    """Whether the notebook's kernel is idle, and the page connected to it: before that, a cell that is run gets lost."""
    kernels = [session["kernel"] for session in ask("/api/sessions") or ()]
    return any(kernel["execution_state"] == "idle" and kernel["connections"] for kernel in kernels)


@pytest.mark.needs("chromium")
@pytest.mark.timeout(150)
def test_check_in_jupyterlab(address: str, tmp_path: Path) -> None:
    """A cell with %check shows each claim as passed, and JupyterLab asks for no news."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415  (only where there is a browser)

    ask = asked(address)
    eventually(lambda: ask("/api/status"), within=WITHIN, what="an answer of JupyterLab")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=BROWSER)
        page = browser.new_page(viewport={"width": 1200, "height": 900})
        foreign: list[str] = []
        page.on(
            "request",
            lambda request: request.url.startswith((address, "data:", "blob:")) or foreign.append(request.url),
        )
        page.goto(f"{address}/lab/tree/notebooks/it.ipynb?token={TOKEN}")
        eventually(lambda: idle(ask), within=WITHIN, what="a kernel that is idle")
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
        page.wait_for_selector(".sw-headline:has-text('3 of 3 passed')", timeout=WITHIN * 1000)
        page.screenshot(path=tmp_path / "jupyterlab.png")
        passed = page.locator(".sw-notebook details.sw-passed").count()
        browser.close()

    assert (passed, foreign) == (3, [])
    assert (
        ask("/lab/api/settings/@jupyterlab/apputils-extension:notification")["schema"]["properties"]["fetchNews"][
            "default"
        ]
        == "false"
    )
