"""Which platform the submissions were downloaded from, and what its names say of each: whose it is, and when it came.

Names are the platform's and the roster's; nothing inside a submission is looked at.

* Moodle: ``Ada Lovelace_501_assignsubmission_file/…`` (older ones with ``_`` at the end), or flat
  ``…_assignsubmission_file_work.zip``; 501 is the participant's number in this assignment, or the group's
  (moodle/moodle, mod/assign/classes/downloader.php).
* Canvas: ``lovelaceada_LATE_4242_998877_work.zip``: sortable name, user, attachment (instructure/canvas-lms,
  lib/content_zipper.rb); ``anon_x1Yz2_998877_work.zip`` where the assignment is anonymous.
* Gradescope: ``submission_12345678/…`` and ``submission_metadata.yml``, which names the submitters of each.
* Anything else: a folder, zip or tar file for each student, named after them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from checker.course.tree import File
from checker.errors import N_, Blocked, SeamworkError
from checker.grader.intake.gradescope import METADATA, read_metadata
from checker.grader.intake.jail import Jail
from checker.grader.intake.malformed import SEAMWORK_PACK, Malformed, shown
from checker.grader.intake.names import left_out
from checker.grader.intake.places import Place, Read
from checker.grader.intake.work import several

__all__ = ["Found", "one", "recognise"]

_MOODLE = re.compile(r"(?P<name>.*)_(?P<id>\d+)_assignsubmission_(?P<plugin>[a-z]+)_?(?P<file>.*)", re.DOTALL)
_CANVAS = re.compile(r"(?P<name>.*?)(?P<late>_LATE)?_(?P<id>\d+)_(?P<attachment>\d+)_(?P<file>.+)", re.DOTALL)
_CANVAS_TEXT = re.compile(r"(?P<name>.*?)(?P<late>_LATE)?_(?P<id>\d+)_(?P<file>text|link)\.html", re.DOTALL)
_CANVAS_ANONYMOUS = re.compile(r"(LATE_)?anon_(?P<name>\w+?)_(?P<attachment>\d+)_(?P<file>.+)", re.DOTALL)
_ARCHIVE = re.compile(r"\.(zip|tar|tgz|tbz2?|txz|tar\.(gz|bz2|xz|zst)|rar|7z)$", re.IGNORECASE)
_NOT_HANDED_IN = re.compile(r"\.(csv|xlsx?|ya?ml)$", re.IGNORECASE)
_PACK = re.compile(r"(?P<who>.+?)[-_ ]+seamwork-\d\d-.*", re.DOTALL)
_COPY = re.compile(r"(?P<who>.+?) ?\(\d+\)", re.DOTALL)


@dataclass(frozen=True)
class Found:
    """One submission, before it is matched and read. ``ids`` and ``name`` are what the layout says of whose it is.

    ``folders`` are what its folder or file could be named after: the first
    where there is no roster, for a copy's "(1)" may as well be another student's. ``changed`` is the file's time, in
    seconds, good for an order and for nothing else: a download sets it anew.
    """

    label: str
    read: Read
    ids: Mapping[str, str] = field(default_factory=dict)
    name: str = ""
    folders: tuple[str, ...] = ()
    submitted_at: datetime | None = None
    changed: float | None = None


def recognise(place: Place) -> tuple[str, list[Found]]:
    """Return the layout's name, and what was found in it."""
    names = {name: folder for name, folder in place.names().items() if not left_out((name,))}
    if METADATA in names:
        return "gradescope", list(_gradescope(place, names))
    for layout, is_its, find in _PLATFORMS:
        if sum(map(is_its, names)) * 2 > len(names):
            return layout, list(find(place, names))
    if list(names.values()) == [True]:  # a folder around what a platform packed
        layout, found = recognise(place.inside(*names))
        if layout != "plain":
            return layout, found
    return "plain", list(_plain(place, names))


def one(label: str, name: str, read: Read, changed: float | None = None) -> Found:
    """Return a single submission: it is named after its student, or after nobody."""
    return Found(label, read, folders=_stems(name), changed=changed)


def _plain(place: Place, names: Mapping[str, bool]) -> Iterator[Found]:
    for name, folder in names.items():
        if not name.startswith(".") and (folder or not _NOT_HANDED_IN.search(name)):
            label = shown(name) + "/" * folder
            yield Found(label, place.reader(name), folders=_stems(name), changed=place.changed(name))


def _stems(name: str) -> tuple[str, ...]:
    stem = shown(_ARCHIVE.sub("", name))
    packed = _PACK.fullmatch(stem)
    who = packed["who"] if packed else stem
    copied = _COPY.fullmatch(who)
    return tuple(dict.fromkeys((who, copied["who"] if copied else who, stem)))


def _is_moodle(name: str) -> bool:
    return bool(_MOODLE.fullmatch(name))


def _moodle(place: Place, names: Mapping[str, bool]) -> Iterator[Found]:
    groups: dict[tuple[str, str], dict[str, str]] = {}
    for name in names:
        if found := _MOODLE.fullmatch(name):
            groups.setdefault((found["name"], found["id"]), {})[name] = found["plugin"]
    for (person, number), handed in groups.items():
        files = [name for name, plugin in handed.items() if plugin == "file"] or list(handed)
        yield Found(_label(files), _together(place, files), {"moodle": number}, person)
    yield from _strays(place, names, _is_moodle)


def _is_canvas(name: str) -> bool:
    return any(pattern.fullmatch(name) for pattern in (_CANVAS, _CANVAS_TEXT, _CANVAS_ANONYMOUS))


def _canvas(place: Place, names: Mapping[str, bool]) -> Iterator[Found]:
    groups: dict[tuple[str, str], dict[str, int]] = {}
    for name in names:
        found = _CANVAS_ANONYMOUS.fullmatch(name) or _CANVAS.fullmatch(name) or _CANVAS_TEXT.fullmatch(name)
        if found:
            said = {"id": "", "attachment": "0", **found.groupdict()}
            groups.setdefault((said["name"], said["id"]), {})[name] = int(said["attachment"])
    for (person, number), handed in groups.items():
        archives = [name for name in handed if _ARCHIVE.search(name)]
        last = [max(archives, key=lambda name: handed[name])] if archives else list(handed)
        yield Found(_label(last), _together(place, last), {"canvas": number} if number else {}, person)
    yield from _strays(place, names, _is_canvas)


def _gradescope(place: Place, names: Mapping[str, bool]) -> Iterator[Found]:
    about = read_metadata(place)
    for name, submission in about.items():
        read = place.reader(name) if name in names else _no_files(name)
        for person in submission.people or ({},):
            ids = {kind: person[kind] for kind in ("sid", "email") if person.get(kind)}
            yield Found(shown(name), read, ids, person.get("name", ""), submitted_at=submission.at)
    yield from _strays(place, names, lambda name: name in about or name == METADATA)


def _strays(place: Place, names: Mapping[str, bool], known: Callable[[str], bool]) -> Iterator[Found]:
    yield from _plain(place, {name: folder for name, folder in names.items() if not known(name)})


def _together(place: Place, names: list[str]) -> Read:
    """Read what one student handed in as several files: an archive among them, or nothing that could be read."""
    archives = [name for name in names if _ARCHIVE.search(name)]
    chosen = names if len(names) == 1 else archives
    if len(chosen) == 1:
        return place.reader(chosen[0])
    return _refusing(several(archives) if archives else _loose(names))


def _no_files(name: str) -> Read:
    return _refusing(
        Blocked(
            N_("{metadata} names {name}, which is not in the export."),
            N_("Export the submissions again."),
            metadata=METADATA,
            name=shown(name),
        )
    )


def _loose(names: list[str]) -> Malformed:
    return Malformed(
        N_("{count} single files were handed in, and no archive: {found}."),
        SEAMWORK_PACK,
        count=len(names),
        found=_label(names),
    )


def _refusing(error: SeamworkError) -> Read:
    def read(_: Jail) -> Mapping[str, File]:
        raise error

    return read


def _label(names: list[str]) -> str:
    return ", ".join(map(shown, names[:3])) + ", …" * (len(names) > 3)  # noqa: PLR2004


_PLATFORMS: tuple[tuple[str, Callable[[str], bool], Callable[[Place, Mapping[str, bool]], Iterator[Found]]], ...] = (
    ("moodle", _is_moodle, _moodle),
    ("canvas", _is_canvas, _canvas),
)
