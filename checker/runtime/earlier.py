"""The version from before a lab: the learner's own, by the tag that the lab's start set."""

from __future__ import annotations

import tempfile
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from checker.course import Workspace, write_tree
from checker.runtime.application import Application

if TYPE_CHECKING:
    from checker.course import Lab, Tree
    from checker.runtime.ground import Ground

__all__ = ["Earlier"]


class Earlier:
    """What ``tree`` was before ``lab``; laid out when it is first asked for."""

    def __init__(self, ground: Ground, lab: Lab, tree: Path) -> None:
        self._ground, self._lab, self._tree = ground, lab, tree

    @cached_property
    def application(self) -> Application:
        """It, as an application under the contract of the lab before.

        A workspace's is what its tag ``before-02`` holds; a bare tree's, which has no history, or none that is to be
        trusted, is our end of the lab before. Raises Unshown when the tag is missing, LearnerFault when there is no
        usable Procfile in it.
        """
        write_tree(self.files, Path(self._folder.name))
        course, before = self._ground.course, self._before
        return Application(Path(self._folder.name), self._ground, course.contract(before.number), alias="before")

    def close(self) -> None:
        """Remove it. Idempotent."""
        if "_folder" in self.__dict__:
            self._folder.cleanup()

    @cached_property
    def files(self) -> Tree:
        """All that is in it. Raises Unshown when the tag is missing."""
        course = self._ground.course
        if self._ground.trusts and (self._tree / ".git").exists():
            return Workspace(self._tree, course).before(self._lab)
        return course.end(self._before)

    @property
    def _before(self) -> Lab:
        return [lab for lab in self._ground.course.labs if lab.number < self._lab.number][-1]

    @cached_property
    def _folder(self) -> tempfile.TemporaryDirectory[str]:
        return tempfile.TemporaryDirectory(prefix="seamwork-before-", ignore_cleanup_errors=True)
