"""The course as one student lived it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.course import Course

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from checker.course import Contract, Lab, Tree

__all__ = ["Kept", "Lived"]


class Kept(Course):
    """A course of which the contracts are kept as well, once they have been read: many submissions are held to them."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self._contracts: dict[str, Contract] = {}

    def contract(self, number: str) -> Contract:
        """Return the contract as it is in the lab of this number."""
        if number not in self._contracts:
            self._contracts[number] = super().contract(number)
        return self._contracts[number]


class Lived(Kept):
    """The end of a lab is where the student stood when they began the next one: the tree ``before-03`` for lab 02.

    Where they handed in none, it is ours. All else, and what has been read of it, is as in ``course``.
    """

    def __init__(self, course: Kept, trees: Mapping[str, Tree]) -> None:
        super().__init__(course.root)
        self.__dict__.update(course.__dict__)
        self._course, self._lived = course, trees

    def end(self, lab: Lab, variant: str = "") -> Tree:
        """Return the tree that the student's next lab began on."""
        after = next((each.number for each in self.labs if each.number > lab.number), "")
        return self._lived.get(f"before-{after}") or self._course.end(lab, variant)
