"""CSV files as spreadsheets write them: comma, semicolon or tab, with a byte order mark or without, in GB18030 too."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from checker.errors import N_, UsageError
from checker.outcome import Message

__all__ = ["Row", "Table", "read_table"]

_LARGEST = 64 * 1024 * 1024
_FORMULA = re.compile(r'="(.*)"', re.DOTALL)
_SEPARATORS = ",;\t"
_COMMON = 0.8  # of the characters beyond ASCII must be among the 6,763 of GB2312, or it was another encoding


@dataclass(frozen=True)
class Row:
    """A line of the table: its number in the file, and its cells by the header's normalised words."""

    line: int
    cells: Mapping[str, str]

    def get(self, *names: str) -> str:
        """Return the first cell of these that is not empty; "" for none."""
        return next((self.cells[name] for name in names if self.cells.get(name)), "")


@dataclass(frozen=True)
class Table:
    """What a CSV file holds. ``notes`` say what had to be guessed."""

    path: Path
    headers: tuple[str, ...]
    rows: tuple[Row, ...]
    notes: tuple[Message, ...] = ()


def read_table(path: Path) -> Table:
    """Read a CSV file. Raises UsageError where it cannot be read, is no text, or has no line below the header."""
    text, notes = _text(path)
    try:
        lines = list(_lines(text))
    except csv.Error as reason:
        raise UsageError(
            N_("{path} is no CSV file: {reason}."),
            N_("Save it as CSV (UTF-8) from the spreadsheet."),
            path=path,
            reason=str(reason),
        ) from None
    if len(lines) < 2:  # noqa: PLR2004  (a header and a line)
        raise UsageError(
            N_("{path} has no line below its header."),
            N_("The first line names the columns, and each further line is one student."),
            path=path,
        )
    headers = tuple(_header(cell) for cell in lines[0][1])
    rows = (Row(line, dict(zip(headers, cells, strict=False))) for line, cells in lines[1:])
    return Table(path, headers, tuple(row for row in rows if any(row.cells.values())), notes)


def _lines(text: str) -> Iterator[tuple[int, list[str]]]:
    first, _, rest = text.partition("\n")
    skipped = 0
    if re.fullmatch(r"sep=.\r?", first, re.IGNORECASE):  # Excel's own way of naming the separator
        separator, text, skipped = first[4], rest, 1
    else:
        separator = max(_SEPARATORS, key=re.sub(r'"[^"]*"', "", first).count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    for cells in reader:
        if any(cell.strip() for cell in cells):
            yield reader.line_num + skipped, [_cell(cell) for cell in cells]


def _cell(raw: str) -> str:
    formula = _FORMULA.fullmatch(raw.strip())
    return unicodedata.normalize("NFC", formula[1].replace('""', '"') if formula else raw).strip()


def _header(cell: str) -> str:
    words = re.sub(r"[\s_.\-]+", " ", unicodedata.normalize("NFKC", cell)).strip().casefold()
    return words.removesuffix(" (read only)")


def _text(path: Path) -> tuple[str, tuple[Message, ...]]:
    try:
        with path.open("rb") as file:
            raw = file.read(_LARGEST)
    except OSError as reason:
        raise UsageError(
            N_("{path} cannot be read: {reason}."), N_("Name another file."), path=path, reason=reason.strerror
        ) from None
    for mark, encoding in (
        (b"\xef\xbb\xbf", "utf-8-sig"),
        (b"\xff\xfe", "utf-16"),
        (b"\xfe\xff", "utf-16"),
        (b"", "utf-8"),
    ):
        if raw.startswith(mark):
            try:
                return raw.decode(encoding), ()
            except UnicodeDecodeError:
                break
    return _gb18030(raw, path)


def _gb18030(raw: bytes, path: Path) -> tuple[str, tuple[Message, ...]]:
    """Excel in Chinese saves CSV so. Nearly any bytes decode, so what comes out must look like Chinese."""
    try:
        text = raw.decode("gb18030")
    except UnicodeDecodeError:
        text = ""
    beyond = [character for character in text if not character.isascii()]
    common = sum(bool(character.encode("gb2312", "ignore")) for character in beyond)
    if not beyond or common < _COMMON * len(beyond):
        raise UsageError(N_("{path} is not UTF-8."), N_("Save it as CSV UTF-8 from the spreadsheet."), path=path)
    note = Message(
        N_("{path} is not UTF-8; it was read as GB18030."), N_("See that the names are right."), {"path": path}
    )
    return text, (note,)
