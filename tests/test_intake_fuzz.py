"""Whatever the bytes are, reading them ends soon, in files within the caps or in our own message."""

from __future__ import annotations

import io
import os
import tarfile
import time
from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from intake_world import overlapping, packed, tarred, zipped

from checker.course.tree import File
from checker.grader.intake.archives import read_archive
from checker.grader.intake.malformed import Malformed
from checker.grader.intake.names import parts_of
from checker.grader.intake.work import trees_of

FILES = {"Procfile": b"shop: python app.py\n", "shop/app.py": b"app = None\n" * 50, "notes 笔记.md": b"#" * 700}
SEEDS = [
    zipped(FILES),
    zipped(FILES, method=0),
    packed({"tree": FILES, "before-01": {"Procfile": b""}}),
    overlapping(3, 500),
    *(tarred(FILES, mode) for mode in ("w:", "w:gz", "w:bz2", "w:xz")),
    tarred(FILES, "w:", form=tarfile.GNU_FORMAT),
]
PATIENCE = 2.0  # seconds for one archive of a few KB: far more than it takes, far less than a bomb would
SOME = settings(max_examples=int(os.environ.get("SEAMWORK_FUZZ", "150")), deadline=None, database=None)

cuts = st.tuples(st.integers(0, 1 << 20), st.integers(0, 64), st.binary(max_size=64))
"""Where, how many bytes go, and what comes instead."""


def read(data: bytes) -> Mapping[str, File]:
    """Read what may be an archive, in bounded time; nothing where it is refused."""
    began = time.monotonic()
    try:
        return read_archive(io.BytesIO(data))
    except Malformed:
        return {}
    finally:
        assert time.monotonic() - began < PATIENCE


def is_held(files: Mapping[str, File]) -> bool:
    """Tell whether all paths stay within, and whether they can lie side by side."""
    folders = {path[:at] for path in files for at, character in enumerate(path) if character == "/"}
    return all("/".join(parts_of(path)) == path for path in files) and not folders & set(files)


@SOME
@given(st.sampled_from(SEEDS), st.lists(cuts, min_size=1, max_size=4))
def test_bytes_are_changed(seed: bytes, changes: list[tuple[int, int, bytes]]) -> None:
    """Bytes go, come and change anywhere."""
    data = seed
    for anywhere, gone, come in changes:
        at = anywhere % (len(data) + 1)
        data = data[:at] + come + data[at + gone :]

    assert is_held(read(data))


@SOME
@given(st.sampled_from(SEEDS), st.integers(0, 1 << 20), st.sampled_from([1, 2, 4, 8]), st.integers(0, (1 << 64) - 1))
def test_numbers_lie(seed: bytes, at: int, width: int, number: int) -> None:
    """Sizes, offsets and counts of a zip say anything."""
    at %= len(seed) - width
    number %= 1 << 8 * width

    assert is_held(read(seed[:at] + number.to_bytes(width, "little") + seed[at + width :]))


fields = st.sampled_from(
    [(0, 100), (100, 8), (124, 12), (136, 12), (148, 8), (156, 1), (157, 100), (257, 8), (345, 155)]
)
texts = st.one_of(
    st.binary(max_size=155),
    st.sampled_from(
        [b"7777777777", b"-1", b"\x80" + b"\xff" * 11, b"\xff" * 12, b"../" * 20, b"x", b"g", b"L", b"K", b"S", b"D"]
    ),
)


@SOME
@given(st.lists(st.tuples(st.integers(0, 12), fields, texts), min_size=1, max_size=3))
def test_headers_of_a_tar_lie(changes: list[tuple[int, tuple[int, int], bytes]]) -> None:
    """Fields of headers say anything, and the checksum is right."""
    data = bytearray(tarred(FILES, "w:")[: 13 * 512]) + bytes(1024)
    for block, (at, width), text in changes:
        start = block * 512
        data[start + at : start + at + width] = text[:width].ljust(width, b"\0")
        head = data[start : start + 512]
        head[148:156] = b" " * 8
        data[start + 148 : start + 156] = b"%06o\0 " % sum(head)

    assert is_held(read(bytes(data)))


pax_keys = st.sampled_from(
    [
        "path",
        "size",
        "mtime",
        "hdrcharset",
        "GNU.sparse.map",
        "GNU.sparse.major",
        "GNU.sparse.minor",
        "GNU.sparse.name",
        "GNU.sparse.realsize",
        "GNU.sparse.size",
    ]
)


@SOME
@given(
    st.dictionaries(
        pax_keys,
        st.one_of(st.text(max_size=40), st.sampled_from(["1", "0", "0,1,2", "../x", str(1 << 70)])),
        max_size=4,
    )
)
def test_pax_headers_lie(headers: dict[str, str]) -> None:
    """What a pax header claims is checked like anything else."""
    info = tarfile.TarInfo("a")
    info.size, info.pax_headers = 20, {key: value.replace("\0", "") for key, value in headers.items()}
    out = io.BytesIO()
    try:
        with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive:
            archive.addfile(info, io.BytesIO(bytes(20)))
    except (UnicodeError, ValueError):
        return

    assert is_held(read(out.getvalue()))


json_like = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["tree", "path", "size", "schema", "x"]), inner, max_size=4)
    ),
    max_leaves=12,
)


@SOME
@given(
    st.fixed_dictionaries(
        {},
        optional={
            "schema": json_like,
            "trees": json_like | st.dictionaries(st.just("tree"), json_like),
            "lab": json_like,
        },
    )
)
def test_manifests_lie(changed: dict[str, object]) -> None:
    """A manifest that says anything is right or refused."""
    files = read(packed({"tree": FILES}, **changed))

    try:
        trees = trees_of(files, lambda _: {})
    except Malformed:
        return
    assert {path: file.data for path, file in trees["tree"].items()} == FILES


@pytest.mark.parametrize(
    "manifest", [b"[" * 100_000, b'{"a":' * 100_000, b"9" * 100_000, b"\xff\xfe", b"", b"null", b'{"trees": NaN}']
)
def test_manifest_is_hostile(manifest: bytes) -> None:
    """Nested without an end, a number without an end, no text: said so."""
    with pytest.raises(Malformed, match="manifest"):
        trees_of({"manifest.json": File(manifest), "tree/Procfile": File(b"")}, lambda _: {})
