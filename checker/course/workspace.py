"""A learner's workspace: a folder and a git repository of their own, which no update of the course touches."""

import json
import os
import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Self

from checker.course.chain import Course
from checker.course.git import Git
from checker.course.history import Step, write_history
from checker.course.house import MARKER, house, marker
from checker.course.lab import Lab
from checker.course.strict import read_toml
from checker.course.tree import Tree, write_tree
from checker.errors import N_, Unshown, UsageError

__all__ = ["Passed", "Workspace", "init", "tag_before"]


@dataclass(frozen=True, slots=True)
class Passed:
    """The last run of a lab: checks passed, of how many, when (ISO 8601, UTC), and whether all ever passed."""

    passed: int
    of: int
    at: str
    done: bool


@dataclass(frozen=True)
class Workspace:
    """The workspace at ``path``, on a course. Use :meth:`open` or :meth:`find`, which look whether it is one."""

    path: Path
    course: Course

    @classmethod
    def open(cls, path: Path, course: Course) -> Self:
        """Take the workspace at ``path``. Raises UsageError when it is none, or its marker is not right."""
        workspace = cls(path.absolute(), course)
        if not (path / MARKER).is_file():
            raise UsageError(
                N_("{path} is no workspace: it holds no {marker}."), _MAKE_ONE, path=workspace.path, marker=MARKER
            )
        _ = workspace.lab
        return workspace

    @classmethod
    def find(cls, start: Path, course: Course) -> Self:
        """Take the workspace that ``start`` is, or lies in. Raises UsageError when there is none."""
        start = start.absolute()
        for folder in (start, *start.parents):
            if (folder / MARKER).is_file():
                return cls.open(folder, course)
        raise UsageError(N_("There is no workspace in {path}, nor in a folder above it."), _MAKE_ONE, path=start)

    @property
    def lab(self) -> Lab:
        """The lab in progress, as the marker says. Raises UsageError when the marker is not right."""
        table = read_toml(self.path / MARKER, error=UsageError)
        number = table.take("lab", str)
        table.take("course", str)
        table.close()
        known = {lab.number: lab for lab in self.course.labs}
        if number not in known:
            raise table.wrong("lab", number, "one of " + ", ".join(known))
        return known[number]

    @cached_property
    def git(self) -> Git:
        """The learner's repository."""
        return Git(self.path)

    def before(self, lab: Lab) -> Tree:
        """Return the learner's files as they were before they started a lab. Raises Unshown when that is not known."""
        tag = tag_before(lab)
        if self.git.run("rev-parse", "-q", "--verify", f"refs/tags/{tag}^{{commit}}", check=False).returncode:
            raise Unshown(
                N_("There is no version from before lab {lab}: the tag {tag} is missing in {path}."),
                N_("seamwork start {lab} sets it; or set it yourself: git tag {tag} COMMIT"),
                lab=lab.number,
                tag=tag,
                path=self.path,
            )
        return self.git.tree(f"refs/tags/{tag}")

    def progress(self) -> Mapping[str, Passed]:
        """Return the last run of each lab, by the lab's name. What cannot be read counts as not run."""
        with suppress(OSError, ValueError, TypeError, AttributeError, UsageError):
            entries = json.loads(self._notebook.read_text("utf-8"))
            return {name: Passed(**entry) for name, entry in entries.items()}
        return {}

    def note(self, lab: Lab, *, passed: int, of: int, at: str) -> None:
        """Remember a run of a lab's checks. A folder without a repository, or on a full disk, remembers nothing."""
        known = dict(self.progress())
        done = passed == of > 0 or (lab.name in known and known[lab.name].done)
        known[lab.name] = Passed(passed, of, at, done)
        with suppress(OSError, UsageError):
            self._notebook.parent.mkdir(exist_ok=True)
            fresh = self._notebook.with_suffix(f".{os.getpid()}")
            fresh.write_text(json.dumps({name: asdict(entry) for name, entry in known.items()}, indent=1), "utf-8")
            fresh.replace(self._notebook)

    @property
    def _notebook(self) -> Path:
        return self.git.folder / "seamwork" / "progress.json"


_MAKE_ONE = N_("Make one: seamwork init bazaar; or name yours: --workspace DIR")


def tag_before(lab: Lab) -> str:
    """Return the tag of the version from before a lab: "before-02"."""
    return f"before-{lab.number}"


def init(path: Path, course: Course, *, at: Lab | None = None, solved: bool = False) -> Workspace:
    """Make a workspace: at the first lab, or as if all before ``at`` had been done by our solutions; ``solved``: it too.

    The history has a commit for each lab's start and end, and the ``before-`` tags. Raises UsageError when the folder
    is not empty, cannot be written, or git is missing; then nothing of ours is left in it.
    """
    _hold_empty(path)
    lab = at or course.labs[0]
    steps = _story(course, lab, solved=solved)
    workspace = Workspace(path.absolute(), course)
    try:
        workspace.git.init()
        write_tree(steps[-1].tree, path)
        write_history(workspace.git, steps, branch="main")
        workspace.git.run("reset", "-q")
    except (OSError, UsageError) as reason:
        _empty(path)
        if isinstance(reason, UsageError):
            raise
        raise UsageError(
            N_("{path} cannot be written: {reason}."),
            N_("Free some space there, or name another folder."),
            path=path,
            reason=reason.strerror,
        ) from None
    return workspace


def _story(course: Course, at: Lab, *, solved: bool) -> list[Step]:
    """Tell the way to a lab as one who took our solutions would have gone it."""
    steps: list[Step] = []
    ours = house(course)
    for lab in course.labs[: course.labs.index(at) + 1]:
        place = {MARKER: marker(lab, course)}
        if steps:
            steps[-1] = replace(steps[-1], tags=(tag_before(lab),))
        steps.append(Step(f"Start lab {lab.number}: {lab.title['en']}", {**ours, **course.start(lab), **place}))
        end = {**ours, **course.end(lab), **place} if lab != at or solved else steps[-1].tree
        if end != steps[-1].tree:
            steps.append(Step(f"Lab {lab.number} done, our way", end))
    return steps


def _hold_empty(path: Path) -> None:
    if path.exists() and not path.is_dir():
        raise UsageError(N_("{path} is a file."), N_("Name a folder that is new or empty."), path=path)
    if path.is_dir() and (found := sorted(entry.name for entry in path.iterdir())):
        raise UsageError(
            N_("{path} is not empty: it holds {found!r}."),
            N_("Name a folder that is new or empty; a workspace that is there goes on with seamwork check."),
            path=path,
            found=found[0],
        )


def _empty(path: Path) -> None:
    with suppress(OSError):
        for entry in path.iterdir():
            shutil.rmtree(entry) if entry.is_dir() and not entry.is_symlink() else entry.unlink()
