"""The course: its labs in order, and the tree that each begins and ends with.

start of lab N = monolith ⊕ (starter ⊕ solution of 0 … N-1) ⊕ starter of N; its end = that ⊕ solution of N.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import PackageNotFoundError, version
from itertools import pairwise
from pathlib import Path

from checker.course.contract import Contract
from checker.course.lab import Lab
from checker.course.overlay import Overlay, Recorded
from checker.course.tree import File, Tree, read_tree
from checker.errors import N_, EngineFault, UsageError

__all__ = ["Course", "Mistake", "root"]


def root() -> Path:
    """Return where the course lies: in the wheel beside this package, in a checkout at its top level.

    Raises EngineFault when it is in neither place.
    """
    package = Path(__file__).resolve().parents[1]
    for place in (package / "_course", package.parent):
        if (place / "labs").is_dir():
            return place
    raise EngineFault(
        N_("The course's labs are neither in {wheel} nor in {checkout}."),
        N_("Install seamwork again."),
        wheel=package / "_course",
        checkout=package.parent,
    )


@dataclass(frozen=True)
class Mistake:
    """A wrong version of a lab, and the checks that it names as those that must fail."""

    overlay: Overlay
    name: str
    kills: tuple[str, ...]
    note: str


class Course:
    """The course at ``root``. What is read is kept: make a new one to see what changed on disk."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._trees: dict[tuple[str, str], Tree] = {}

    @cached_property
    def labs(self) -> tuple[Lab, ...]:
        """The labs in the order of their numbers. Raises EngineFault on a folder or a lab.toml that is not right."""
        folders = sorted(path for path in (self.root / "labs").glob("[0-9]*") if path.is_dir())
        labs = tuple(Lab.load(folder) for folder in folders)
        if not labs:
            raise EngineFault(N_("{folder} holds no labs."), N_("Install seamwork again."), folder=self.root / "labs")
        for one, other in pairwise(labs):
            if one.number == other.number:
                raise EngineFault(
                    N_("{one} and {other} have the same number."),
                    N_("Rename one of the folders."),
                    one=one.name,
                    other=other.name,
                )
        self._hold_replaced(labs)
        return labs

    @cached_property
    def version(self) -> str:
        """The version of the package that brings the course; "0" when it is not installed."""
        try:
            return version("seamwork")
        except PackageNotFoundError:
            return "0"

    def lab(self, asked: str | int) -> Lab:
        """Find a lab by "1", "01", "01-boundaries" or "boundaries". Raises UsageError that lists what there is."""
        wanted = str(asked).strip().rstrip("/")
        number = wanted.zfill(2) if wanted.isdecimal() else wanted
        for lab in self.labs:
            if number in (lab.number, lab.name, lab.short):
                return lab
        raise UsageError(
            N_("There is no lab {asked!r}."),
            N_("There are: {labs}."),
            asked=str(asked),
            labs=", ".join(lab.name for lab in self.labs),
        )

    def before(self, lab: Lab) -> Lab | None:
        """Return the lab before this one, None for the first."""
        index = self.labs.index(lab)
        return self.labs[index - 1] if index else None

    def start(self, lab: Lab) -> Tree:
        """Return what the lab begins with. Raises EngineFault where an overlay does not fit what is below it."""
        return self._kept(("start", lab.name), lambda: self.starter(lab).lay(self.ground(lab)))

    def end(self, lab: Lab, variant: str = "") -> Tree:
        """Return what the lab ends with, by our solution or a variant of it ("etcd"). Raises as :meth:`start` does."""
        overlay = self.solution(lab, variant)
        return self._kept(("end", overlay.name), lambda: overlay.lay(self.start(lab)))

    def ground(self, lab: Lab) -> Tree:
        """Return what the lab's starter is laid over: the end of the lab before, or the monolith."""
        before = self.before(lab)
        if before:
            return self.end(before)
        return self._kept(("monolith", ""), lambda: read_tree(self.root / "labs" / "monolith"))

    def starter(self, lab: Lab) -> Overlay:
        """Return the overlay that begins the lab."""
        return Overlay(lab.folder / "starter", self.root)

    def solution(self, lab: Lab, variant: str = "") -> Overlay:
        """Return the overlay that ends the lab. Raises UsageError for a variant that there is not."""
        if variant and variant not in self.variants(lab):
            raise UsageError(
                N_("Lab {lab} has no solution {variant!r}."),
                N_("There are: {variants}."),
                lab=lab.name,
                variant=variant,
                variants=", ".join(self.variants(lab)) or "none",
            )
        name = f"{lab.name}@{variant}" if variant else lab.name
        return Overlay(self.root / "solutions" / name, self.root)

    def variants(self, lab: Lab) -> tuple[str, ...]:
        """Name the lab's other solutions: "etcd" for solutions/05-fast-lane@etcd."""
        folders = sorted((self.root / "solutions").glob(f"{lab.name}@*"))
        return tuple(folder.name.partition("@")[2] for folder in folders)

    def wrong(self, lab: Lab) -> tuple[Mistake, ...]:
        """Return the lab's wrong versions by name. Raises EngineFault when a NOTE.md names no check of the lab."""
        return tuple(_mistake(lab, overlay) for overlay in self._versions(lab, "wrong"))

    def right(self, lab: Lab) -> tuple[Overlay, ...]:
        """Return the lab's other right versions by name."""
        return tuple(self._versions(lab, "right"))

    def laid(self, lab: Lab, version: Overlay | Mistake) -> Tree:
        """Return the tree of a wrong or right version. Raises as :meth:`start` does."""
        overlay = version.overlay if isinstance(version, Mistake) else version
        return overlay.lay(self._under(lab, overlay))

    def contract(self, number: str) -> Contract:
        """Return the contract as it is in the lab of this number. Raises EngineFault when it is not right."""
        return Contract(self.root / "labs" / "contract", number)

    def notebooks(self) -> Tree:
        """Return the lessons' notebooks, under "notebooks/"."""
        found = read_tree(self.root / "notebooks")
        return {f"notebooks/{path}": file for path, file in found.items() if path.endswith(".ipynb")}

    def record(self) -> list[Recorded]:
        """Write into every overlay which versions it replaces and deletes; return what changed, first lab first.

        Raises EngineFault where recording cannot help.
        """
        changes: list[Recorded] = []
        for lab in self.labs:
            changes += self.starter(lab).record(self.ground(lab))
            for variant in ("", *self.variants(lab)):
                changes += self.solution(lab, variant).record(self.start(lab))
            for overlay in (*self._versions(lab, "wrong"), *self._versions(lab, "right")):
                changes += overlay.record(self._under(lab, overlay))
        return changes

    def _under(self, lab: Lab, overlay: Overlay) -> Tree:
        return self.start(lab) if overlay.base == "start" else self.end(lab)

    def _versions(self, lab: Lab, kind: str) -> Iterator[Overlay]:
        folders = sorted(path for path in (lab.folder / kind).glob("[!._]*") if path.is_dir())
        yield from (Overlay(folder, self.root) for folder in folders)

    def _kept(self, key: tuple[str, str], make: Callable[[], Mapping[str, File]]) -> Tree:
        if key not in self._trees:
            self._trees[key] = make()
        return self._trees[key]

    def _hold_replaced(self, labs: tuple[Lab, ...]) -> None:
        for lab in (lab for lab in labs if lab.replaces):
            earlier = {f"{other.number}:{name}" for other in labs if other.number < lab.number for name in other.checks}
            for replaced in lab.replaces:
                if replaced not in earlier:
                    raise EngineFault(
                        N_("{file} replaces {replaced}, which is no check of an earlier lab."),
                        N_("Mend the name, or take it out."),
                        file=lab.folder / "lab.toml",
                        replaced=replaced,
                    )


def _mistake(lab: Lab, overlay: Overlay) -> Mistake:
    file = overlay.folder / "NOTE.md"
    note = file.read_text("utf-8") if file.exists() else ""
    kills = tuple(re.findall(r"\btest_\w+", note.partition("\n")[0]))
    for name in kills or ("",):
        if name not in lab.checks:
            raise EngineFault(
                N_("{file} must name, in its first line, the checks that fail; it names {name!r}."),
                N_("There are: {known}."),
                file=f"{overlay.name}/NOTE.md",
                name=name,
                known=", ".join(lab.checks),
            )
    return Mistake(overlay, overlay.folder.name, kills, note)
