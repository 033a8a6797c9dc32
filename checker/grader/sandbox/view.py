"""What cells see of the machine: programs, libraries and Python, read-only; of this course, and of whoever runs it, nothing."""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from checker.grader.sandbox import mounting

__all__ = ["TOP", "DirectView", "View"]

TOP = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
COPIED = (
    "ld.so.cache",
    "localtime",
    "protocols",
    "services",
    "mime.types",
    "os-release",
    "debian_version",
    "timezone",
    "host.conf",
)
SHOWN = ("ssl", "alternatives", "pki", "ca-certificates")
WRITTEN = {
    "hosts": "127.0.0.1 localhost cell\n::1 localhost\n",
    "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
    "resolv.conf": "",
    "hostname": "cell\n",
}
NODES = ("null", "zero", "full", "random", "urandom", "tty")
LINKS = {"fd": "/proc/self/fd", "stdin": "/proc/self/fd/0", "stdout": "/proc/self/fd/1", "stderr": "/proc/self/fd/2"}


class View:
    """Laid out in the folder ``yard``. ``users``: names by number, beside root and nobody.

    ``mounts`` puts it up; ``reads`` says where there is something to be read.
    """

    def __init__(self, yard: Path, users: dict[int, str]) -> None:
        self._yard, self._stage = yard, yard / "stage"
        self._shown: set[Path] = set()
        self._etc(users)
        self._void = yard / "void"
        self._void.mkdir()
        self._blank = yard / "blank"
        self._blank.touch()
        self.show(Path("/usr"))
        for prefix in dict.fromkeys((Path(sys.base_prefix), Path(sys.prefix))):
            self.show(prefix)
        self._hide_ourselves()

    def show(self, path: Path) -> None:
        """Let cells see a file or a folder of the machine where it lies, read-only. What is seen already stays so."""
        if self.sees(path):
            return
        self._show(path, path)
        self._shown.add(path)

    def sees(self, path: Path) -> bool:
        """Whether cells see that path."""
        return any(path.is_relative_to(shown) for shown in self._shown)

    @property
    def reads(self) -> list[str]:
        """The places that cells may read."""
        return [*sorted(map(str, self._shown)), "/proc", "/dev"]

    def mounts(self, *, room: int) -> list[tuple[str, str, str, str]]:
        """Return what is to be put up in a cell, whose /tmp and /dev/shm take ``room`` bytes each."""
        scratch = f"size={room},mode=1777"
        return [
            *(
                ("link", str(Path(f"/{name}").readlink()), f"/{name}", "")
                for name in TOP
                if Path(f"/{name}").is_symlink()
            ),
            *(self._bound(Path(f"/{name}")) for name in TOP if Path(f"/{name}") in self._shown),
            ("tmpfs", "", "/tmp", scratch),  # noqa: S108  (a cell's own)
            *(self._bound(path) for path in sorted(self._shown) if path.name not in TOP),
            ("proc", "", "/proc", ""),
            ("tmpfs", "", "/dev", "size=65536,mode=755"),
            *(("node", f"/dev/{name}", f"/dev/{name}", "") for name in NODES if Path(f"/dev/{name}").exists()),
            *(("link", to, f"/dev/{name}", "") for name, to in LINKS.items()),
            ("tmpfs", "", "/dev/shm", scratch),  # noqa: S108  (a cell's own)
            ("seal", "", "/dev", ""),
        ]

    def _show(self, source: Path, path: Path) -> None:
        mounting.show(source, self._at(path))

    def _at(self, path: Path) -> Path:
        return self._stage / path.relative_to("/")

    def _bound(self, path: Path) -> tuple[str, str, str, str]:
        return ("bind", str(self._at(path)), str(path), "")

    def _etc(self, users: dict[int, str]) -> None:
        etc = self._yard / "etc"
        etc.mkdir()
        for name in COPIED:
            if Path("/etc", name).exists():
                shutil.copy(Path("/etc", name), etc / name)
        everybody = {0: "root", 65534: "nobody", **users}
        lines = {name: f"{name}:x:{number}:{number}::/tmp:/bin/sh\n" for number, name in everybody.items()}
        (etc / "passwd").write_text("".join(lines.values()), "utf-8")
        (etc / "group").write_text("".join(f"{name}:x:{number}:\n" for number, name in everybody.items()), "utf-8")
        for name, text in WRITTEN.items():
            (etc / name).write_text(text, "utf-8")
        there = [Path("/etc", name) for name in SHOWN if Path("/etc", name).is_dir()]
        for path in there:
            (etc / path.name).mkdir()
        self._show(etc, Path("/etc"))
        for path in there:
            self._show(path, path)
        self._shown.add(Path("/etc"))
        for name in TOP:
            if Path(f"/{name}").is_dir() and not Path(f"/{name}").is_symlink():
                self.show(Path(f"/{name}"))

    def _hide_ourselves(self) -> None:
        for path in _ourselves():
            if path.exists() and self.sees(path):
                self._show(self._void if path.is_dir() else self._blank, path)


class DirectView(View):
    """The same for whoever cannot see what we mount: nothing is laid out, each thing is shown from where it lies."""

    def __init__(self, yard: Path, users: dict[int, str]) -> None:
        self._things = list[tuple[Path, Path]]()
        super().__init__(yard, users)

    def things(self) -> list[tuple[Path, Path]]:
        """Return what is to be shown, each with where, what lies above first. All of it is for reading only."""
        written = [(self._yard / "etc" / name, Path("/etc", name)) for name in WRITTEN]
        return [*self._things, *written]

    def _show(self, source: Path, path: Path) -> None:
        self._things.append((source, path))


def _ourselves() -> Iterator[Path]:
    """Name what our own installation put into this Python, and the packages of this course wherever they lie."""
    yield Path(__file__).parents[2]
    distribution = importlib.metadata.distribution("seamwork")
    tops = set()
    for file in distribution.files or ():
        deep = ".." in file.parts or file.parts[0] == "__pycache__"
        tops.add(str(file) if deep else file.parts[0])
    for top in tops:
        yield Path(os.path.normpath(str(distribution.locate_file(top))))
