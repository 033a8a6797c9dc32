"""Archives for the intake's tests: honest ones, and what no program would pack."""

from __future__ import annotations

import hashlib
import io
import json
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path

PROCFILE = b"shop: uvicorn shop.app:app --port $PORT\n"
WORK = {"Procfile": PROCFILE, "shop/app.py": b"app = None\n"}


def lay(folder: Path, files: Mapping[str, bytes]) -> Path:
    """Write files below a folder."""
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


def zipped(
    files: Mapping[str, bytes] | Iterable[tuple[str | zipfile.ZipInfo, bytes]] = tuple(WORK.items()), **how: int
) -> bytes:
    """Pack a zip; a ZipInfo serves as a name."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", how.get("method", zipfile.ZIP_DEFLATED)) as archive:
        for name, data in files.items() if isinstance(files, Mapping) else files:
            archive.writestr(name, data)
    return out.getvalue()


def special(name: str, mode: int) -> zipfile.ZipInfo:
    """Return a zip entry of a kind: S_IFLNK, S_IFCHR."""
    info = zipfile.ZipInfo(name)
    info.create_system = 3
    info.external_attr = mode << 16
    return info


def tarred(
    files: Mapping[str, bytes] = WORK,
    mode: str = "w:gz",
    more: Iterable[tarfile.TarInfo] = (),
    form: int = tarfile.PAX_FORMAT,
) -> bytes:
    """Pack a tar, and entries without content after it."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode, format=form) as archive:  # type: ignore[call-overload]
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
        for entry in more:
            archive.addfile(entry)
    return out.getvalue()


def entry(name: str, kind: bytes, link: str = "") -> tarfile.TarInfo:
    """Return a tar entry of a kind: SYMTYPE, CHRTYPE."""
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, link
    return info


def packed(trees: Mapping[str, Mapping[str, bytes]], /, **changed: object) -> bytes:
    """Pack as `seamwork pack` does; ``changed`` are entries of the manifest that say something else."""
    listed = {
        tree: [
            {"path": path, "size": len(data), "executable": False, "sha256": hashlib.sha256(data).hexdigest()}
            for path, data in files.items()
        ]
        for tree, files in trees.items()
    }
    manifest = {"schema": "seamwork/pack/v1", "course": "1", "lab": "01-boundaries", "trees": listed, **changed}
    files = {f"{tree}/{path}": data for tree, files in trees.items() for path, data in files.items()}
    return zipped({"manifest.json": json.dumps(manifest).encode(), **files})


def python_refuses_overlaps() -> bool:
    """Whether zipfile does: since 3.11.8, and where a distribution has mended an older one."""
    with zipfile.ZipFile(io.BytesIO(overlapping(2, 100))) as bomb:
        try:
            bomb.read(bomb.namelist()[0])
        except zipfile.BadZipFile:
            return True
    return False


def overlapping(count: int, size: int) -> bytes:
    """Pack ``count`` entries that all share one stretch of packed zeros (D. Fifield, quoted overlap).

    Each entry's bytes begin with a stored block that holds the next entry's header, and go on with the next one's bytes.
    """
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    kernel = deflate.compress(bytes(size)) + deflate.flush()
    names = [f"f{number:03}".encode() for number in range(count)]
    body, crc_of, length = kernel, bytes(size), size
    blocks: list[tuple[bytes, bytes, int, int, int]] = []
    for name in reversed(names):
        crc = zlib.crc32(crc_of)
        header = struct.pack("<4s5H3I2H", b"PK\3\4", 20, 0, 8, 0, 33, crc, len(body), length, len(name), 0) + name
        blocks.append((name, header, crc, len(body), length))
        quote = b"\0" + struct.pack("<2H", len(header), 0xFFFF ^ len(header)) + header
        crc_of, length = header + crc_of, length + len(header)
        body = quote + body
    out, contents = io.BytesIO(), io.BytesIO()
    for name, header, crc, packed_size, whole in reversed(blocks):
        place = out.tell()
        out.write(header)
        contents.write(
            struct.pack(
                "<4s6H3I5H2I", b"PK\1\2", 20, 20, 0, 8, 0, 33, crc, packed_size, whole, len(name), 0, 0, 0, 0, 0, place
            )
        )
        contents.write(name)
        if name != names[-1]:
            following = len(header)
            out.write(b"\0" + struct.pack("<2H", following, 0xFFFF ^ following))
    out.write(kernel)
    start = out.tell()
    out.write(contents.getvalue())
    out.write(struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, count, count, len(contents.getvalue()), start, 0))
    return out.getvalue()
