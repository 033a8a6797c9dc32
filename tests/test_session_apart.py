"""Forked or cold, the verdicts are the same; what is the learner's and what is ours do not reach each other."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from whole import TINY, Program, run, solved, standing, words

from checker.course import Course
from checker.errors import ServiceFailed
from checker.outcome import CheckResult
from checker.runtime.application import Application
from checker.runtime.ground import Ground
from checker.runtime.system import Plan, System
from checker.runtime.worker import Line
from checker.session import check

SECRET = "hunter2-of-the-parent"
WORLD = """
import json, os, sys
from web import serve

def look(name):
    with open("/proc/self/environ", "rb") as file:
        born = file.read().decode(errors="replace").split("\\0")
    fds = [os.readlink(f"/proc/self/fd/{fd}") for fd in os.listdir("/proc/self/fd") if os.path.lexists(f"/proc/self/fd/{fd}")]
    here = {"environ": dict(os.environ), "born": born, "fds": fds, "path": sys.path, "argv": sys.argv}
    here["ours"] = sorted(name for name in sys.modules if name.split(".")[0] in ("checker", "pytest", "_pytest"))
    return 200, here

serve({("GET", "/counts/(.+)"): look})
"""


@pytest.fixture(scope="module")
def grounds() -> Iterator[dict[str, Ground]]:
    """One ground that forks and one that does not, started by a shell with a secret in its environment."""
    os.environ["CLOUD_TOKEN"] = os.environ["SEAMWORK_TOKEN"] = SECRET
    try:
        with standing(cold=False) as forked, standing() as cold:
            yield {"forked": forked, "cold": cold}
    finally:
        del os.environ["CLOUD_TOKEN"], os.environ["SEAMWORK_TOKEN"]


def told(results: list[CheckResult]) -> list[tuple[Any, ...]]:
    """Return what a verdict is made of, without times, ports and seeds."""
    wire = [[(e.caller, e.callee, e.request, e.status) for e in result.wire] for result in results]
    return [
        (result.name, result.outcome, result.assertion, result.message and words(result), asked)
        for result, asked in zip(results, wire, strict=True)
    ]


@pytest.mark.parametrize(
    "version", ["solution", "both-answer", "counter-forgets", "counts-at-home", "missing", "fastapi"]
)
def test_forked_and_cold_say_the_same(grounds: dict[str, Ground], tmp_path: Path, version: str) -> None:
    """Right and wrong versions have the same outcomes, words and wire, however their processes are started."""
    tree = solved(tmp_path)
    lab = Course(TINY).lab("01")
    kind = "right" if version == "fastapi" else "wrong"
    if (overlay := lab.folder / kind / version).is_dir():
        shutil.copytree(overlay, tree, dirs_exist_ok=True)
    elif version == "missing":
        (tree / "counter" / "app.py").write_text("import nothing_like_it\n")

    found = {name: check(ground, lab, tree) for name, ground in grounds.items()}
    for ground in grounds.values():
        ground.tidied()

    assert told(list(found["forked"].checks)) == told(list(found["cold"].checks))
    assert [results.environment["start"][:4] for results in found.values()] == ["fork", "cold"]


@pytest.mark.parametrize("way", ["forked", "cold"])
def test_nothing_of_ours_reaches_their_processes(grounds: dict[str, Ground], tmp_path: Path, way: str) -> None:
    """Their environment is what the contract says; no variable, module, path or open file of ours is in it."""
    tree = solved(tmp_path)
    (tree / "counter" / "app.py").write_text(WORLD)

    sent = run(
        grounds[way],
        tree,
        f"import pathlib\n\ndef test_looks(counter):\n"
        f"    pathlib.Path({str(tmp_path / 'seen')!r}).write_text(counter.get('/counts/A').text)\n",
    )

    seen = json.loads((tmp_path / "seen").read_text())
    contract = {"PORT", "DATABASE_URL", "REDIS_URL", "INSTANCE"}
    house = {"HOME", "TMPDIR", "PATH", "LANG", "LC_CTYPE", "PYTHONNOUSERSITE", "PYTHONUNBUFFERED", "PYTHONUTF8"}
    assert set(seen["environ"]) <= contract | house
    assert contract <= set(seen["environ"])
    assert SECRET not in json.dumps(seen)
    assert seen["ours"] == []
    assert [fd for fd in seen["fds"] if "seamwork" in fd] == []
    assert [entry for entry in seen["path"] if entry.endswith("/checker") or entry == str(TINY.parents[1])] == []
    assert sent.exit_code == 0


def test_service_that_never_gets_ready_is_told_with_its_answer(grounds: dict[str, Ground], tmp_path: Path) -> None:
    """How long was waited, what /health said, and its last words."""
    tree = solved(tmp_path)
    (tree / "counter" / "app.py").write_text(
        "from web import serve\n\nprint('waiting for the moon')\nserve({('GET', '/health'): lambda: (503, {})})\n"
    )
    text = (tree / "web.py").read_text().replace('lambda: (200, {"status": "ok"}), **routes}', "lambda: (503, {})}")
    (tree / "web.py").write_text(text)
    ground = grounds["cold"]
    contract = ground.course.contract("01")
    plan = Plan(contract, ["counter"], lines={"counter": Line({"DATABASE_URL": "postgresql://nobody"})})

    with pytest.raises(ServiceFailed) as caught:
        System(plan, Application(tree, ground, contract), loop=ground.loop, ledger=ground.ledger, within=1.0)

    assert "counter was not ready within 1.0 s: GET /health was answered with 503." in str(caught.value)


THEIRS = ("checker", "pytest", "conftest", "sitecustomize", "usercustomize", "click", "_pytest", "pluggy")


def test_nothing_of_theirs_reaches_us(tmp_path: Path) -> None:
    """Modules with our names, settings of pytest, Python and PostgreSQL, proxies: none makes a difference."""
    program = Program(tmp_path / "installed")
    space = program.workspace(tmp_path / "bazaar")
    reached = tmp_path / "reached"
    for name in THEIRS:
        (space / f"{name}.py").write_text(
            f"import os; os.write(os.open({str(reached)!r}, 65), b'{name} ')\nname = 1 / 0\n"
        )
    write_text = {"pytest.ini": "[pytest]\naddopts = --nonsense\n", "tox.ini": "[pytest]\naddopts = --nonsense\n"}
    write_text |= {".env": "PORT=1\nDATABASE_URL=nonsense\n", "setup.cfg": "[tool:pytest]\naddopts = --nonsense\n"}
    for name, text in write_text.items():
        (space / name).write_text(text)
    python = {"PYTHONPATH": str(space), "PYTHONWARNINGS": "error", "PYTHONOPTIMIZE": "2", "PYTHONINSPECT": "1"}
    others = {"PYTHONSTARTUP": str(space / "checker.py"), "PYTEST_ADDOPTS": "--nonsense", "PYTEST_PLUGINS": "conftest"}
    libpq = {"PGSERVICE": "nope", "PGSSLMODE": "require", "PGOPTIONS": "-c nonsense=1", "PGHOST": "nowhere"}
    contract = {"PORT": "1", "DATABASE_URL": "nonsense", "COUNTER_URL": "http://127.0.0.1:9"}
    proxies = {
        "HTTP_PROXY": "http://127.0.0.1:9",
        "ALL_PROXY": "socks5://127.0.0.1:9",
        "http_proxy": "http://127.0.0.1:9",
    }

    said = program("check", cwd=space, **python, **others, **libpq, **contract, **proxies, GIT_DIR="/nowhere")

    assert (said.code, "3 passed" in said.out) == (0, True)
    assert not reached.exists() or set(reached.read_text().split()) <= {"sitecustomize"}  # Python's own doing
