"""Which Python runs a workspace, and whether its programs can be forked."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from checker.errors import LearnerFault
from checker.ledger import Ledger
from checker.runtime.environment import MIGRATING, PRELOAD, Cold, Forked, base_environment, interpreter, start_mode
from checker.runtime.launcher import Launcher
from checker.runtime.procfile import Procfile

if TYPE_CHECKING:
    from collections.abc import Iterator

PROCFILE = Procfile.parse("shop: uvicorn shop.app:app --port $PORT")


def test_our_environment_matches_its_lock_file(tmp_path: Path) -> None:
    """Programs of a plain workspace are forked."""
    assert start_mode(tmp_path, PROCFILE) == Forked()


def test_who_migrates_finds_alembic_loaded(tmp_path: Path) -> None:
    """Where there are processes that migrate, what they would import is loaded once for all of them."""
    mode = start_mode(tmp_path, Procfile.parse("orders: uvicorn a:b\norders-revert: python -m migrate down"))

    assert mode == Forked((*PRELOAD, *MIGRATING))


@pytest.mark.parametrize("package", [True, False])
def test_a_module_that_shadows_is_the_reason_for_cold(tmp_path: Path, package: bool) -> None:
    """A typing.py of the learner's, or a package fastapi."""
    name = "fastapi" if package else "typing"
    (tmp_path / name).mkdir() if package else (tmp_path / "typing.py").touch()
    (tmp_path / name / "__init__.py").touch() if package else None

    assert str(start_mode(tmp_path, PROCFILE)) == f"the workspace has a module of its own called {name}"


def test_common_names_shadow_nothing(tmp_path: Path) -> None:
    """Python finds its own `site` before a folder without __init__.py; `test` is none of its names."""
    (tmp_path / "site").mkdir()
    (tmp_path / "test").mkdir()
    (tmp_path / "test" / "__init__.py").touch()

    assert start_mode(tmp_path, PROCFILE) == Forked()


def test_another_version_is_the_reason_for_cold(tmp_path: Path) -> None:
    """The distribution and both versions are named."""
    lock = tmp_path / "base.txt"
    lock.write_text(
        "fastapi==0.1 ; sys_platform == 'linux' \\\n    --hash=sha256:0\nfastapi==0.2\nuvicorn[standard]==0.54.0\n"
    )

    mode = start_mode(tmp_path, PROCFILE, lock=lock)

    assert isinstance(mode, Cold)
    assert mode.values["wanted"] == "0.1 / 0.2"


def test_a_workspace_of_its_own_environment_is_run_by_it(tmp_path: Path) -> None:
    """The .venv beside the Procfile is on the path, first."""
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / ".venv" / "bin" / "python").symlink_to(sys.executable)

    assert interpreter(tmp_path) == tmp_path / ".venv" / "bin" / "python"
    assert base_environment(tmp_path)["PATH"].split(os.pathsep)[0] == str(tmp_path / ".venv" / "bin")


def test_a_broken_environment_is_named(tmp_path: Path) -> None:
    """A .venv whose Python leads nowhere is the learner's to mend."""
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / ".venv" / "bin" / "python").symlink_to("/nowhere/python3")

    with pytest.raises(LearnerFault, match="is no Python environment that can be used"):
        interpreter(tmp_path)


def test_a_python_that_does_not_run_is_named(tmp_path: Path) -> None:
    """What it said as it failed is in the sentence."""
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\necho 'no libpython here' >&2\nexit 4\n")
    python.chmod(0o755)

    with (
        Launcher(python, ledger=Ledger()) as launcher,
        pytest.raises(LearnerFault, match="does not run: no libpython here"),
    ):
        launcher.start("it", ["true"], {}, Path("/"))


def test_what_is_exported_around_us_reaches_no_service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Proxies, PYTHONPATH and the like of the learner's shell stay outside."""
    monkeypatch.setenv("HTTP_PROXY", "http://proxy")
    monkeypatch.setenv("PYTHONPATH", "/theirs")

    assert set(base_environment(tmp_path)) <= {
        "HOME",
        "LANG",
        "PATH",
        "PYTHONNOUSERSITE",
        "PYTHONUNBUFFERED",
        "PYTHONUTF8",
        "TMPDIR",
    }


@pytest.fixture
def more_groups() -> Iterator[None]:
    groups = os.getgroups()
    os.setgroups([0, 4])
    yield
    os.setgroups(groups)


@pytest.mark.needs("root")
@pytest.mark.usefixtures("more_groups")
def test_a_program_can_run_as_somebody_else() -> None:
    """Its uid is dropped before it is executed, its groups with it."""
    with Launcher(ledger=Ledger()) as launcher:
        process = launcher.start("it", ["sh", "-c", "id -u; id -g; id -G"], {"PATH": os.defpath}, Path("/"), uid=65534)
        process.wait(5)

    assert process.last_lines == ["65534"] * 3
