"""All exports of a class in one folder, whole or not at all; one student's evidence is in memory at a time."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from checker.course import CheckMeta, Lab
from checker.errors import N_, UsageError
from checker.grader.exports.canvas import canvas_csv
from checker.grader.exports.classroom50 import classroom50_result, why_none
from checker.grader.exports.feedback import feedback_page
from checker.grader.exports.gradescope import gradescope_results
from checker.grader.exports.junit import junit_xml
from checker.grader.exports.kept import NOTE, Kept, ground, kept_in, stamp, take_over, written
from checker.grader.exports.left import NO_MARK, notes
from checker.grader.exports.markdown import feedback_markdown
from checker.grader.exports.moodle import moodle_csv
from checker.grader.exports.names import slugs
from checker.grader.exports.report import class_report
from checker.grader.exports.results import class_head, student_values, whole
from checker.grader.exports.sentences import UNSAFE, reason
from checker.grader.exports.shown import One, one
from checker.grader.exports.subject import Subject
from checker.grader.store import Entry, Store
from checker.outcome import Message
from checker.report.words import Translate, Voice, identity

__all__ = ["Written", "write_all"]


@dataclass(frozen=True)
class Written:
    """What was written, and what the instructor should know of it: who is not in which file."""

    folder: Path
    notes: Sequence[Message] = ()

    @property
    def report(self) -> Path:
        """The page to open first."""
        return self.folder / "index.html"


def write_all(
    store: Store,
    lab: Lab,
    out: Path,
    *,
    lang: str = "en",
    translate: Translate = identity,
    private: Mapping[str, CheckMeta] | None = None,
    before: Sequence[Lab] = (),
    column: str = "",
    classroom: str = "",
) -> Written:
    """Write everything that the store knows of a lab into the folder ``out``, which is ours alone.

    ``private``: what is said of the instructor's own checks; ``before``: the labs whose checks ran as well; ``column``:
    what Canvas calls the assignment; ``classroom``: the class in Classroom 50. Raises UsageError where ``out`` holds
    what is not ours, OSError when the disk is full: then what was there before is still there.
    """
    subject = Subject(lab, Voice(lang, translate), private or {}, before, column, classroom)
    _hold_ours(out)
    out.parent.mkdir(parents=True, exist_ok=True)
    new = Path(tempfile.mkdtemp(prefix=f".{out.name}-new-", dir=out.parent))
    try:
        told = _Class(store, subject, out, new).write()
        _take_place(new, out)
    except BaseException:
        shutil.rmtree(new, ignore_errors=True)
        raise
    return Written(out, told)


@dataclass
class _Class:
    """One class on its way into the folder ``new``; ``old`` is what was written last time."""

    store: Store
    subject: Subject
    old: Path
    new: Path
    kept: dict[str, Kept] = field(default_factory=dict)

    def write(self) -> list[Message]:
        entries = self.store.table(self.subject.lab.name)
        named = slugs(entry.student.key for entry in entries)
        before, base = kept_in(self.old), ground(self.subject)
        for entry in entries:
            slug = named[entry.student.key]
            self.kept[slug] = self._student(entry, slug, stamp(entry, slug, base), before.get(slug))
        return self._class(entries, named)

    def _student(self, entry: Entry, slug: str, stamped: str, before: Kept | None) -> Kept:
        if before and before.stamp == stamped and take_over(before, self.old, self.new):
            return before
        shown = one(entry, slug, self.store.judgement(entry), self.subject)
        files = [self._write(path, text) for path, text in _files(shown, self.subject)]
        return Kept(stamped, shown.sandbox, [(file, why.id) for file, why in _left(shown)], files)

    def _class(self, entries: Sequence[Entry], named: Mapping[str, str]) -> list[Message]:
        canvas, not_in_canvas = canvas_csv(entries, self.subject)
        moodle, not_in_moodle = moodle_csv(entries, self.subject)
        elsewhere = (left for key, slug in named.items() for left in self.kept[slug].missing(key))
        told = notes([*not_in_canvas, *not_in_moodle, *elsewhere], len(entries))
        unsafe = [slug for slug, kept in self.kept.items() if kept.sandbox == UNSAFE]
        self._write("canvas.csv", canvas)
        self._write("moodle.csv", moodle)
        self._write("notes.txt", "".join(f"{reason(note, self.subject.voice)}\n" for note in told))
        self._write("index.html", class_report(entries, named, self.subject, told, unsafe))
        with (self.new / "results.json").open("x", encoding="utf-8") as stream:
            stream.writelines(whole(class_head(entries, self.subject), self._parts(entries, named)))
        self._write(NOTE, written(self.kept))
        return told

    def _parts(self, entries: Sequence[Entry], named: Mapping[str, str]) -> Iterator[str]:
        for entry in entries:
            yield (self.new / f"students/{named[entry.student.key]}.json").read_text("utf-8").rstrip()

    def _write(self, path: str, text: str) -> tuple[str, int, int]:
        file = self.new / path
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("x", encoding="utf-8", newline="") as stream:
            stream.write(text)
        found = file.stat()
        return path, found.st_size, found.st_mtime_ns


def _files(shown: One, subject: Subject) -> Iterator[tuple[str, str]]:
    slug = shown.slug
    yield f"feedback/{slug}.html", feedback_page(shown, subject)
    yield f"feedback/{slug}.md", feedback_markdown(shown, subject)
    yield f"junit/{slug}.xml", junit_xml(shown, subject)
    yield f"students/{slug}.json", _json(student_values(shown, subject))
    if found := gradescope_results(shown, subject):
        yield f"gradescope/{slug}.json", _json(found)
    if found := classroom50_result(shown, subject):
        yield f"classroom50/{slug}.json", _json(found)


def _left(shown: One) -> Iterator[tuple[str, Message]]:
    if shown.mark.points is None:
        yield "gradescope", NO_MARK
    if why := why_none(shown):
        yield "classroom50", why


def _json(values: Any) -> str:
    """Return one line: with an indent, Python writes JSON ten times as slowly."""
    return json.dumps(values, ensure_ascii=False) + "\n"


def _hold_ours(out: Path) -> None:
    if out.exists() and not ((out / NOTE).is_file() or (out.is_dir() and not any(out.iterdir()))):
        raise UsageError(
            N_("{folder} is there already, and it is not what an earlier grading has written."),
            N_("Name another folder, or move it out of the way: a new one takes its place as a whole."),
            folder=out,
        )


def _take_place(new: Path, out: Path) -> None:
    """Put the new folder where the old one was; where that fails, the old one stays."""
    if not out.exists():
        new.rename(out)
        return
    old = Path(tempfile.mkdtemp(prefix=f".{out.name}-old-", dir=out.parent))
    out.rename(old / out.name)
    try:
        new.rename(out)
    except BaseException:
        (old / out.name).rename(out)
        raise
    finally:
        shutil.rmtree(old, ignore_errors=True)
