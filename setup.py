"""Build the wheel: the package, the course inside it (checker/_course), and the locked packages it needs.

Everything else is said in pyproject.toml. The course is copied into build/ only, never beside the source.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

HERE = Path(__file__).resolve().parent
COURSE = ("labs", "solutions", "notebooks", "requirements")
"""What ``course.root()`` has to find. Course and lock file travel together."""
JUNK = (
    "__pycache__", "*.py[co]", ".git", ".venv", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis",
    ".ipynb_checkpoints", ".DS_Store",
)  # fmt: skip
"""What tools leave behind."""
PINNED = re.compile(r"^(?P<pin>[A-Za-z0-9][^\s\\#]*==[^\\#\n]*?) *\\?$", re.MULTILINE)


class WithCourse(build_py):
    """The package as it is, and the course beside it."""

    def run(self) -> None:
        if not self.editable_mode:  # what an earlier build left would get into this one
            shutil.rmtree(self.build_lib, ignore_errors=True)
        super().run()
        if not self.editable_mode:
            for part in COURSE:
                target = Path(self.build_lib) / "checker" / "_course" / part
                shutil.copytree(HERE / part, target, ignore=shutil.ignore_patterns(*JUNK))


def locked(group: str) -> list[str]:
    """Name each package of a lock file with its version: what was proven is what gets installed, and can be forked."""
    return [found["pin"] for found in PINNED.finditer((HERE / "requirements" / f"{group}.txt").read_text("utf-8"))]


setup(
    cmdclass={"build_py": WithCourse},
    install_requires=locked("base"),
    extras_require={"dask": locked("dask")},  # where seamwork grade has more than one machine
)
