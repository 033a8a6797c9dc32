"""runs/latest: what a run leaves behind for people and for tools."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from checker.ledger import Ledger
from checker.outcome import Outcome, Results

if TYPE_CHECKING:
    from checker.course import Workspace

__all__ = ["remember", "save"]


def save(results: Results, workspace: Path, ledger: Ledger, *, lang: str, translate: Callable[[str], str]) -> Path:
    """Write results.json, report.html and the logs to runs/latest, whole or not at all; return that folder.

    Raises OSError when the disk is full or the folder cannot be written: the verdict stands all the same.
    """
    from checker.report import render_html, results_json  # noqa: PLC0415  (jinja2 is slow to import)

    runs = workspace / "runs"
    runs.mkdir(exist_ok=True)
    new = Path(tempfile.mkdtemp(prefix=".new-", dir=runs))
    try:
        found = json.dumps(results_json(results, lang=lang, translate=translate), ensure_ascii=False, indent=2)
        (new / "results.json").write_text(found + "\n", encoding="utf-8")
        (new / "report.html").write_text(render_html(results, lang=lang, translate=translate), encoding="utf-8")
        _write_logs(new / "logs", ledger)
        new.chmod(0o755)
        return _take_place(new, runs / "latest")
    except BaseException:
        shutil.rmtree(new, ignore_errors=True)
        raise


def remember(space: Workspace, results: Results) -> None:
    """Note in the workspace how far each lab is: only whole runs count."""
    for lab in space.course.labs:
        own = [check for check in results.checks if check.lab == lab.name]
        if own and len(own) == len(lab.checks):
            passed = sum(check.outcome is Outcome.PASSED for check in own)
            space.note(lab, passed=passed, of=len(own), at=results.started)


def _write_logs(folder: Path, ledger: Ledger) -> None:
    folder.mkdir()
    for process in ledger.processes():
        lines = "".join(f"{line.at:9.3f}  {line.text}\n" for line in ledger.lines(process))
        (folder / f"{process}.log").write_text(lines, encoding="utf-8")


def _take_place(new: Path, latest: Path) -> Path:
    if latest.exists():
        old = Path(tempfile.mkdtemp(prefix=".old-", dir=latest.parent))
        latest.rename(old / "latest")
        shutil.rmtree(old, ignore_errors=True)
    return new.rename(latest)
