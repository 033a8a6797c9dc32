"""What can be seen of a lab without running it: texts in both languages, the size of the change, notebooks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from checker.course import LANGUAGES, Change, Course, Lab, changed_lines
from checker.errors import N_, EngineFault, SeamworkError
from checker.verify.guide import anatomy, anchors, twins

__all__ = ["Stale", "change_of", "lab_gaps", "too_large", "unkilled"]

Stale = Callable[[Course, Lab], list[SeamworkError]]
"""Names the derived notebooks of a lab that are not what its guides would give today."""


def lab_gaps(course: Course, lab: Lab) -> Iterator[SeamworkError]:
    """Say what a lab lacks: claims, reasons, hints, places to read on, guides and their sections, WHY.md."""
    yield from lab.gaps()
    yield from _reads(lab)
    yield from _guides(lab)
    solution = course.solution(lab)
    if solution.files and not (solution.folder / "WHY.md").is_file():
        yield _missing(f"{solution.name}/WHY.md", N_("Say there why the solution is as it is, and what it costs."))
    for overlay in course.wrong(lab):
        if not overlay.note.partition("\n")[2].strip():
            yield EngineFault(
                N_("{file} names checks, and says nothing more."),
                N_("Say in a sentence what was misunderstood."),
                file=f"{overlay.overlay.name}/NOTE.md",
            )


def change_of(course: Course, lab: Lab) -> Change:
    """Count what the learner writes. Raises EngineFault where the chain does not fit."""
    return changed_lines(course.start(lab), course.end(lab))


def too_large(lab: Lab, change: Change) -> Iterator[SeamworkError]:
    """Say that a learner has to write too much."""
    if change.logic > lab.lines:
        yield EngineFault(
            N_("{file} takes {lines} lines of logic by hand; a lab takes {most} at the most."),
            N_("Move what is only typing into labs/{lab}/starter."),
            file=f"solutions/{lab.name}",
            lab=lab.name,
            lines=change.logic,
            most=lab.lines,
        )


def unkilled(lab: Lab, killed: set[str]) -> Iterator[SeamworkError]:
    """Say which checks no wrong version was seen to fail."""
    for check in lab.checks:
        if check not in killed:
            yield EngineFault(
                N_("{file}: no wrong version fails {check}, so nobody has ever seen it fail."),
                N_("Add labs/{lab}/wrong/<mistake> that it catches; the first line of its NOTE.md names {check}."),
                file=_home(lab, check),
                lab=lab.name,
                check=check,
            )


def _reads(lab: Lab) -> Iterator[SeamworkError]:
    texts = {language: lab.guide(language) for language in LANGUAGES}
    known = {language: anchors(file.read_text("utf-8")) for language, file in texts.items() if file.is_file()}
    for name, check in lab.checks.items():
        if not check.read:
            yield EngineFault(
                N_("{file}: {check} does not say where to read on."),
                N_('Add read = "<anchor in the guide>".'),
                file=f"labs/{lab.name}/lab.toml",
                check=name,
            )
            continue
        for language, found in known.items():
            if check.read not in found:
                yield EngineFault(
                    N_("{file} has no place {anchor!r}, where lab.toml sends the readers of {check}."),
                    N_("Put ({anchor})= in a line of its own above the heading that is meant."),
                    file=_name(lab, texts[language]),
                    anchor=check.read,
                    check=name,
                )


def _guides(lab: Lab) -> Iterator[SeamworkError]:
    texts = {}
    for number, language in enumerate(LANGUAGES):
        file = lab.guide(language)
        if not file.is_file():
            yield _missing(
                _name(lab, file), N_("Write the lesson in both languages; seamwork new shows its nine sections.")
            )
            continue
        texts[language] = file.read_text("utf-8")
        yield from anatomy(_name(lab, file), texts[language], number)
    if len(texts) == len(LANGUAGES):
        yield from twins(_name(lab, lab.guide("zh")), texts["zh"], "guide.md", texts["en"])


def _missing(file: str, move: str) -> SeamworkError:
    return EngineFault(N_("{file} is not there."), move, file=file)


def _name(lab: Lab, file: Path) -> str:
    return f"labs/{lab.name}/{file.name}"


def _home(lab: Lab, check: str) -> str:
    homes = (
        file for file in sorted((lab.folder / "checks").glob("test_*.py")) if f"def {check}(" in file.read_text("utf-8")
    )
    return f"labs/{lab.name}/checks/{next(homes, lab.folder).name}"
