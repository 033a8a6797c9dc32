"""What is in an archive comes out as files in memory, or as one clear message. Nothing leads out, nothing is endless."""

from __future__ import annotations

import bz2
import gzip
import io
import stat
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from intake_world import PROCFILE, WORK, entry, overlapping, python_refuses_overlaps, special, tarred, zipped

from checker.course.tree import File
from checker.errors import Blocked
from checker.grader.intake import jail as jail_module
from checker.grader.intake import pile, streams, tars, zips
from checker.grader.intake.archives import read_archive
from checker.grader.intake.jail import Jail
from checker.grader.intake.malformed import Malformed

MAX_FILE = 4 * 1024 * 1024


@pytest.fixture
def jail() -> Iterator[Jail]:
    """Give a jail that has unpacked nothing yet."""
    with Jail() as started:
        yield started


def read(data: bytes) -> dict[str, File]:
    """Read an archive here, not in the jail."""
    return read_archive(io.BytesIO(data))


def broken(data: bytes, old: bytes, new: bytes) -> bytes:
    """Write other bytes over the first occurrence."""
    assert old in data
    return data.replace(old, new, 1)


@pytest.mark.parametrize("mode", ["w:", "w:gz", "w:bz2", "w:xz"])
@pytest.mark.parametrize("form", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT, tarfile.USTAR_FORMAT])
def test_tars_of_all_kinds_are_read(mode: str, form: int) -> None:
    """Plain or compressed, in each of the formats, with a name that is longer than a header's field."""
    files = {"Procfile": PROCFILE, "shop/" + "a" * 90 + "/" + "b" * 20: bytes(100_000)}

    found = read(tarred(files, mode, form=form))

    assert {path: file.data for path, file in found.items()} == files


def test_folders_and_bits_come_out_right() -> None:
    """Entries of folders are no files; an executable file stays one; a leading ./ says nothing."""
    made = zipped([("./shop/", b""), (special("./shop/run.sh", stat.S_IFREG | 0o755), b"#!"), ("./Procfile", PROCFILE)])

    assert read(made) == {"shop/run.sh": File(b"#!", executable=True), "Procfile": File(PROCFILE)}


def test_zip_without_sizes_in_front_is_read() -> None:
    """A zip that was written into a pipe tells sizes behind the data only."""
    pipe = io.BytesIO()
    pipe.seekable = lambda: False  # type: ignore[method-assign]
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("Procfile", PROCFILE)

    assert read(pipe.getvalue())["Procfile"].data == PROCFILE


def test_zip64_is_read() -> None:
    """Entries in the large form are read like the others."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive, archive.open("Procfile", "w", force_zip64=True) as file:
        file.write(PROCFILE)

    assert read(out.getvalue())["Procfile"].data == PROCFILE


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        ("作业/说明.md".encode(), "作业/说明.md"),  # macOS: UTF-8, and not marked so
        ("作业/说明.md".encode("gb2312"), "作业/说明.md"),  # Windows in Chinese
        ("Größe.md".encode("cp437"), "Größe.md"),  # as the format has it
    ],
)
def test_unmarked_names_are_understood(raw: bytes, name: str) -> None:
    """An entry's name is read in the encoding that it is in."""
    placeholder = "x" * len(raw)
    made = zipped({placeholder: b""}).replace(placeholder.encode(), raw)

    assert list(read(made)) == [name]


def test_backslashes_of_windows_are_separators() -> None:
    """An old PowerShell parts names in its own way."""
    assert list(read(zipped({"shop\\app.py": b""}))) == ["shop/app.py"]


def test_names_that_differ_in_case_stay_two() -> None:
    """On Linux they are two files, so they stay two."""
    assert set(read(zipped({"a.py": b"1", "A.py": b"2"}))) == {"a.py", "A.py"}


def test_what_tools_leave_behind_is_left_out() -> None:
    """Caches, environments and repositories are not part of the work; a link among them harms nobody."""
    junk = {f"w/{name}/x": b"" for name in (".git", ".venv", "node_modules", "__pycache__", "__MACOSX")}
    more = [entry("w/.venv/bin/python", tarfile.SYMTYPE, "/usr/bin/python3")]

    assert list(read(tarred({**junk, "w/Procfile": PROCFILE, "w/._Procfile": b""}, more=more))) == ["w/Procfile"]


def test_second_part_of_a_gzip_is_read() -> None:
    """What was compressed in parts is one archive; rubbish behind it is none."""
    plain = tarred(mode="w:")

    assert set(read(gzip.compress(plain[:700]) + gzip.compress(plain[700:]) + b"rubbish")) == set(WORK)


def pax(**headers: str) -> bytes:
    """Pack a tar whose entry claims something in a pax header."""
    info = tarfile.TarInfo("Procfile")
    info.size, info.pax_headers = len(PROCFILE), headers
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive:
        archive.addfile(info, io.BytesIO(PROCFILE))
    return out.getvalue()


def encrypted() -> bytes:
    """Pack a zip and set the bit that says it is locked."""
    made = bytearray(zipped())
    for magic, at in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        made[made.index(magic) + at] |= 1
    return bytes(made)


def endless() -> bytes:
    """Pack a file of 2**87 bytes that is left out: nothing of it is read, but what comes behind it is looked for."""
    left_out = tarfile.TarInfo(".git/x")
    left_out.size = 1 << 87
    return left_out.tobuf(tarfile.GNU_FORMAT) + bytes(1024)


def nested_headers(count: int) -> bytes:
    """Pack headers that each announce the next one, and never a file."""
    long_name = tarfile.TarInfo("././@LongLink")
    long_name.type, long_name.size = tarfile.GNUTYPE_LONGNAME, 2
    return (long_name.tobuf(tarfile.GNU_FORMAT) + b"x\0".ljust(512, b"\0")) * count + bytes(1024)


BAD: dict[str, tuple[Callable[[], bytes], str]] = {
    "empty file": (lambda: b"", "The file is empty"),
    "text": (lambda: b"print('hello')\n" * 100, "is no archive"),
    "pdf": (lambda: b"%PDF-1.7 ...", "is a document or a picture"),
    "rar": (lambda: b"Rar!\x1a\x07\x00...", "is a RAR archive"),
    "7z": (lambda: b"7z\xbc\xaf\x27\x1c...", "is a 7-Zip archive"),
    "zstd": (lambda: b"\x28\xb5\x2f\xfd....", "compressed by zstd"),
    "program": (lambda: b"\x7fELF....", "is a program"),
    "gzip of no tar": (lambda: gzip.compress(b"print('hello')" * 100), "damaged: ReadError"),
    "zip, cut off": (lambda: zipped()[:-30], "damaged: BadZipFile"),
    "zip, first half": (lambda: zipped()[:60], "damaged: BadZipFile"),
    "zip, bytes changed": (
        lambda: broken(zipped(method=zipfile.ZIP_STORED), b"uvicorn", b"gunicrn"),
        "damaged: BadZipFile",
    ),
    "zip, locked": (encrypted, "locked with a password"),
    "zip, bzip2": (lambda: zipped(method=zipfile.ZIP_BZIP2), "packed by method 12"),
    "zip, lzma": (lambda: zipped(method=zipfile.ZIP_LZMA), "packed by method 14"),
    "zip, two headers differ": (lambda: broken(zipped(), b"Procfile", b"Profcile"), "damaged: BadZipFile"),
    "zip, overlapping": (lambda: overlapping(20, 100_000), "lie over each other"),
    "zip, twice": (lambda: zipped([("a.py", b"1"), ("./a.py", b"2")]), "'a.py' is there twice"),
    "zip, file and folder": (lambda: zipped([("a/b", b"1"), ("a", b"2")]), "'a' is there twice"),
    "zip, folder and file": (lambda: zipped([("a", b"1"), ("a/b", b"2")]), "'a/b' is there twice"),
    "zip, up": (lambda: zipped({"../up.py": b""}), "'../up.py' leads out"),
    "zip, up within": (lambda: zipped({"a/../../up.py": b""}), "leads out"),
    "zip, up in junk": (lambda: zipped({".git/../../up.py": b""}), "leads out"),
    "zip, up by backslash": (lambda: zipped({"a\\..\\..\\up.py": b""}), "leads out"),
    "zip, absolute": (lambda: zipped({"/etc/passwd": b""}), "leads out"),
    "zip, drive": (lambda: zipped({"C:\\Windows\\x": b""}), "leads out"),
    "zip, share": (lambda: zipped({"\\\\host\\share": b""}), "leads out"),
    "zip, NUL": (
        lambda: zipped({"aXb.py": b""}).replace(b"aXb.py", b"a\0b.py"),
        "a character that a name may not hold",
    ),
    "zip, control character": (lambda: zipped({"a\x1b[2J.py": b""}), "a character that a name may not hold"),
    "zip, not UTF-8": (lambda: zipped({"é.py": b""}).replace("é".encode(), b"\xff\xfe"), "damaged: UnicodeDecodeError"),
    "zip, link": (lambda: zipped([(special("l", stat.S_IFLNK | 0o777), b"/etc/passwd")]), "'l' is a link"),
    "zip, device": (lambda: zipped([(special("d", stat.S_IFCHR | 0o666), b"")]), "'d' is a device"),
    "zip, pipe": (lambda: zipped([(special("p", stat.S_IFIFO | 0o666), b"")]), "'p' is a device or a pipe"),
    "zip, deep": (lambda: zipped({"d/" * 50 + "x": b""}), "more than 40 folders"),
    "zip, long name": (lambda: zipped({"é" * 200: b""}), "too long a name"),
    "zip, large file": (lambda: zipped({"big.bin": bytes(MAX_FILE + 1)}), f"at most {MAX_FILE}"),
    "tar, cut off": (lambda: tarred(mode="w:")[:1500], "damaged"),
    "tar, no end": (lambda: tarred(mode="w:")[:2048], "damaged: ReadError: empty header"),
    "tar.gz, cut off": (lambda: tarred()[:-20], "damaged: EOFError"),
    "tar.xz, cut off": (lambda: tarred(mode="w:xz")[:-20], "damaged: EOFError"),
    "tar.gz, checksum": (lambda: tarred()[:-8] + b"\0" * 8, "damaged: ReadError: zlib error"),
    "tar, header damaged": (
        lambda: broken(tarred(mode="w:"), b"shop/app.py", b"shop/axx.py"),
        "damaged: ReadError: bad checksum",
    ),
    "tar, size is a lie": (lambda: pax(size="999999"), "damaged"),
    "tar, huge size": (lambda: pax(size=str(1 << 60)), "at most"),
    "tar, size is no number": (lambda: pax(size="many"), "damaged"),
    "tar, left out and endless": (endless, "damaged: ReadError: it claims to be endless"),
    "tar, long header": (lambda: pax(comment="9" * 20_000), "damaged: ReadError: a header of 200"),
    "tar, up": (lambda: tarred({"../up.py": b""}), "leads out"),
    "tar, absolute": (lambda: tarred({"/etc/passwd": b""}), "leads out"),
    "tar, up by pax": (lambda: pax(path="../../up.py"), "leads out"),
    "tar, backslash": (lambda: tarred({"a\\b": b""}), "a character that a name may not hold"),
    "tar, line end": (lambda: tarred({"a\nb": b""}), "a character that a name may not hold"),
    "tar, not UTF-8": (lambda: tarred({"\udcff.py": b""}, form=tarfile.GNU_FORMAT), "is not UTF-8"),
    "tar, link": (lambda: tarred(more=[entry("l", tarfile.SYMTYPE, "/etc/passwd")]), "'l' is a link"),
    "tar, hard link": (lambda: tarred(more=[entry("l", tarfile.LNKTYPE, "Procfile")]), "'l' is a link"),
    "tar, device": (lambda: tarred(more=[entry("d", tarfile.CHRTYPE)]), "'d' is a device"),
    "tar, block device": (lambda: tarred(more=[entry("d", tarfile.BLKTYPE)]), "'d' is a device"),
    "tar, pipe": (lambda: tarred(more=[entry("p", tarfile.FIFOTYPE)]), "'p' is a device or a pipe"),
    "tar, unknown kind": (lambda: tarred(more=[entry("u", b"Z")]), "of a kind that nobody knows"),
    "tar, twice": (lambda: tarred(more=[tarfile.TarInfo("Procfile")]), "'Procfile' is there twice"),
    "tar, sparse": (lambda: pax(**{"GNU.sparse.map": "0,1", "GNU.sparse.size": str(1 << 50)}), "a file with holes"),
    "tar, large file": (lambda: tarred({"big": bytes(MAX_FILE + 1)}), f"at most {MAX_FILE}"),
    "tar, headers nested": (lambda: nested_headers(3_000), "damaged: RecursionError"),
}


@pytest.mark.parametrize("kind", BAD)
def test_each_bad_archive_has_its_message(kind: str) -> None:
    """What is wrong is said, with the name that it is about."""
    make, words = BAD[kind]
    data = make()

    with pytest.raises(Malformed) as raised:
        read(data)
    assert words in str(raised.value)


MANY: dict[str, tuple[bytes, str]] = {
    "files in a zip": (
        zipped({f"env/{n}": b"" for n in range(9)}),
        "9 files or more; at most 8 are taken. Most of them are in 'env'",
    ),
    "files in a tar": (
        tarred({f"env/{n}": b"" for n in range(9)}),
        "9 files or more; at most 8 are taken. Most of them are in 'env'",
    ),
    "entries of a zip": (zipped({f".git/{n}": b"" for n in range(33)}), "33 entries; at most 32"),
    "entries of a tar": (tarred({f".git/{n}": b"" for n in range(33)}), "32 files or more"),
    "bytes in a zip": (zipped({f"{n}": bytes(30_000) for n in range(4)}), "more than 100000 bytes"),
    "bytes in a tar": (tarred({f"{n}": bytes(30_000) for n in range(4)}), "more than 100000 bytes"),
    "bytes that are left out": (tarred({".git/pack": bytes(300_000)}), "more than 200000 bytes"),
}


@pytest.mark.parametrize("kind", MANY)
def test_caps_hold_over_all_entries(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files, entries and bytes are counted over the whole archive; the message names where most of them are."""
    monkeypatch.setattr(pile, "MAX_KEPT_FILES", 8)
    monkeypatch.setattr(pile, "MAX_ENTRIES", 32)
    monkeypatch.setattr(zips.zip_names, "__defaults__", (32,))
    monkeypatch.setattr(pile, "MAX_KEPT", 100_000)
    monkeypatch.setattr(streams, "MAX_STREAM", 200_000)
    data, words = MANY[kind]

    with pytest.raises(Malformed) as raised:
        read(data)
    assert words in str(raised.value)


def test_table_of_contents_has_a_cap() -> None:
    """Hundreds of thousands of entries are refused before they are listed."""
    made = zipped({"a": b""})
    end = made.index(b"PK\5\6")
    lying = made[:end] + bytes(9_000_000) + made[end : end + 12] + (9_000_050).to_bytes(4, "little") + made[end + 16 :]

    with pytest.raises(Malformed, match="table of contents has 9000050 bytes"):
        read(lying)


@pytest.mark.skipif(python_refuses_overlaps(), reason="this Python refuses overlaps by itself (CVE-2024-0450)")
def test_overlaps_would_multiply(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the look at overlaps, 5 KB become megabytes."""
    bomb = overlapping(50, 1_000_000)
    monkeypatch.setattr(zips, "_refuse_overlaps", lambda *_: None)

    assert sum(len(file.data) for file in read(bomb).values()) > 5_000 * len(bomb)


def test_damaged_tar_would_pass_for_a_whole_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without strict headers, tarfile takes a damaged one for the end, and half the work is missing."""
    damaged = broken(tarred(mode="w:"), b"shop/app.py", b"shop/axx.py")
    monkeypatch.setattr(tars, "_Strict", tarfile.TarInfo)

    assert set(read(damaged)) == {"Procfile"}


def test_names_would_lead_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the look at names, a path that leads out would be laid out with the others."""
    monkeypatch.setattr(pile, "parts_of", lambda name: tuple(name.split("/")))

    assert list(read(tarred({"../up.py": b""}))) == ["../up.py"]


def test_jail_reads_what_is_good(jail: Jail, tmp_path: Path) -> None:
    """What comes out of the other process is what went into the archive."""
    (tmp_path / "a.zip").write_bytes(
        zipped([(special("run", stat.S_IFREG | 0o755), b"#!"), ("作业.md", bytes(300_000))])
    )

    with (tmp_path / "a.zip").open("rb") as file:
        assert jail.read(file) == {"run": File(b"#!", executable=True), "作业.md": File(bytes(300_000))}


def test_jail_says_what_is_bad(jail: Jail, tmp_path: Path) -> None:
    """A message crosses over with its values."""
    (tmp_path / "a.zip").write_bytes(zipped({"../up.py": b""}))

    with (tmp_path / "a.zip").open("rb") as file, pytest.raises(Malformed, match=r"'\.\./up\.py' leads out"):
        jail.read(file)


@pytest.mark.needs("linux")
@pytest.mark.parametrize(
    ("limits", "words"),
    [({"memory": 80 << 20}, "more memory to unpack than it is given"), ({"seconds": 1}, "more than 1 s to unpack")],
)
def test_jail_holds_memory_and_time(limits: dict[str, int], words: str, tmp_path: Path) -> None:
    """What is too much for a process costs that one; the next archive is read."""
    bomb = bz2.compress(bytes(10 << 20))
    (tmp_path / "bomb").write_bytes(
        zipped({f"{n}": bytes(4 << 20) for n in range(16)}) if "memory" in limits else bomb * 50
    )
    (tmp_path / "good.zip").write_bytes(zipped())

    with Jail(**limits) as started, (tmp_path / "bomb").open("rb") as bad, (tmp_path / "good.zip").open("rb") as good:
        with pytest.raises(Malformed, match=words):
            started.read(bad)
        assert set(started.read(good)) == set(WORK)


def test_lost_jail_is_no_fault_of_the_student(tmp_path: Path) -> None:
    """Where its process was killed, nothing is said of the archive, and the next one is read."""
    (tmp_path / "good.zip").write_bytes(zipped())
    with Jail() as started, (tmp_path / "good.zip").open("rb") as file:
        started.read(file)
        assert started._process is not None
        started._process.kill()
        started._process.wait()

        with pytest.raises(Blocked, match="process that unpacks it failed"):
            started.read(file)
        assert set(started.read(file)) == set(WORK)


def test_very_large_archive_is_not_opened(jail: Jail, tmp_path: Path) -> None:
    """Half a gigabyte is no hand-in."""
    with (tmp_path / "huge.zip").open("wb") as file:
        file.truncate(jail_module.MAX_ARCHIVE + 1)

    with (tmp_path / "huge.zip").open("rb") as file, pytest.raises(Malformed, match="at most 536870912 are read"):
        jail.read(file)
