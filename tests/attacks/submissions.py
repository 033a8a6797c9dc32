"""A hostile class: submissions that honestly earn two of four points, and an attack beside in each."""

from __future__ import annotations

import ast
import io
import json
import os
import shutil
import sys
import tarfile
from collections.abc import Callable, Mapping
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1]))

from intake_world import entry, overlapping, packed, tarred, zipped

__all__ = [
    "BESIDE",
    "CLASS",
    "ENDED",
    "FILES",
    "INSTEAD",
    "MALFORMED",
    "NAMES",
    "PROCFILES",
    "READ",
    "RIGHT",
    "hand_in",
    "lay_out",
]

CLASS = Path(__file__).parent / "class"
RIGHT = CLASS / "labs" / "monolith"


def _functions(module: str, arguments: int) -> list[str]:
    """Return the attacks in a module by name: what takes as many arguments as its callers have, and says what it tries."""
    body = ast.parse((CLASS / f"{module}.py").read_text("utf-8")).body
    found = [each for each in body if isinstance(each, ast.FunctionDef) and ast.get_docstring(each)]
    return [each.name for each in found if len(each.args.args) == arguments and each.name not in {"raw", "body"}]


BESIDE = [name for name in _functions("beside", 0) if name != "grader_s"]
INSTEAD = _functions("instead", 3)
RAN = "/tmp/seamwork-hostile-ran"  # noqa: S108  (nobody makes it but what is hostile)
EVIL = f"import os\nopen({RAN!r}, 'w').close()\n"
"""What must not run outside of a cell: inside one, its /tmp is the cell's own."""
PLUGIN = f"""{EVIL}
import pytest
@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    outcome.get_result().outcome = "passed"
"""
PASSES = "".join(
    f'def {name}():\n    """It does."""\n'
    for name in (
        "test_a_note_is_kept",
        "test_an_unknown_note_is_404",
        "test_a_note_is_read_back",
        "test_words_are_counted",
    )
)
LIBRARY = f"lib/python{sys.version_info[0]}.{sys.version_info[1]}/site-packages"
COMPOSE = """services:
  notes:
    build: .
    privileged: true
    network_mode: host
    pid: host
    volumes: ["/:/host", "/var/run/docker.sock:/var/run/docker.sock"]
"""

FILES: dict[str, dict[str, str]] = {
    "brings_a_conftest": {
        **dict.fromkeys(("conftest.py", "notes/conftest.py", "checks/conftest.py"), PLUGIN),
        "pytest.ini": "[pytest]\naddopts = -p evil_plugin --co\n",
        "tox.ini": "[pytest]\naddopts = --co\n",
        "pyproject.toml": '[tool.pytest.ini_options]\naddopts = "-p evil_plugin --co"\n',
        "setup.cfg": "[tool:pytest]\naddopts = --co\n",
        "evil_plugin.py": PLUGIN,
        "evil.egg-info/entry_points.txt": "[pytest11]\nevil = evil_plugin\n",
        "evil.egg-info/PKG-INFO": "Name: evil\nVersion: 1\n",
    },
    "brings_checks": {
        "labs/00-notes/checks/test_notes.py": PASSES,
        "labs/00-notes/lab.toml": "minutes = 1\n",
        "labs/contract/owners.toml": "",
        "checks/test_notes.py": PASSES,
        "test_notes.py": PASSES,
        "private.toml": "",
    },
    "brings_site_packages": {
        **dict.fromkeys(("sitecustomize.py", "usercustomize.py", f".venv/{LIBRARY}/sitecustomize.py"), EVIL),
        **dict.fromkeys(("evil.pth", f"{LIBRARY}/evil.pth", f".venv/{LIBRARY}/evil.pth"), EVIL.replace("\n", ";")),
        ".venv/pyvenv.cfg": "home = .\n",
        ".env": "PYTHONPATH=.\nPYTHONSTARTUP=evil.py\nPYTEST_ADDOPTS=--co\nLD_PRELOAD=./evil.so\n",
    },
    "shadows_packages": {
        f"{name}.py" if flat else f"{name}/__init__.py": EVIL
        for name, flat in (
            *((name, False) for name in ("checker", "fastapi", "pytest", "_pytest", "sqlalchemy", "click")),
            *((name, True) for name in ("seamwork_main", "pickle", "tempfile", "psutil", "yaml")),
        )
    },
    "claims_to_be_another": {
        "student.json": '{"key": "right", "name": "right"}',
        "roster.csv": "key,name\nright,claims_to_be_another\n",
        "metadata.yml": "submitters: [{email: right@example.org}]\n",
        "submission_metadata.json": '{"users": [{"email": "right", "id": 1}]}',
        "manifest.json": '{"student": "right", "lab": "00-notes"}',
        ".seamwork/grade.json": '{"student": "right", "points": 4}',
        ".git/config": "[user]\n\tname = right\n\temail = right@example.org\n[core]\n\tfsmonitor = touch " + RAN + "\n",
        ".git/HEAD": "ref: refs/heads/main\n",
        ".git/hooks/post-checkout": f"#!/bin/sh\ntouch {RAN}\n",
    },
    "asks_for_privileges": {
        "Dockerfile": "FROM scratch\nUSER root\nRUN --security=insecure --mount=type=bind,source=/,target=/host true\n",
        "compose.yaml": COMPOSE,
        "docker-compose.yml": COMPOSE,
        ".devcontainer/devcontainer.json": '{"privileged": true, "initializeCommand": "touch ' + RAN + '"}',
    },
}
"""By name: what is brought along."""

START = "python -m notes.app"
WORDS = "words: python -m words.app\n"
PROCFILES: dict[str, str] = {
    "starts_as_root": f"notes: sudo {START}\n{WORDS}",
    "starts_as_another": f"notes: setpriv --reuid=0 --clear-groups {START}\n{WORDS}",
    "starts_by_su": f"notes: su -s /bin/sh -c '{START}' root\n{WORDS}",
    "starts_by_a_path": f"notes: /usr/bin/env -S {START}\n{WORDS}",
    "starts_by_a_shell": f"notes: X=$(cat /etc/shadow; touch {RAN}; id -u) `true` && exec {START} > /dev/null 2>&1\n{WORDS}",
    "starts_by_killing": f"notes: kill -9 $PPID; kill -TERM -1; exec {START}\n{WORDS}",
    "starts_by_a_long_line": f"notes: python -c \"import runpy; runpy.run_module('notes.app', run_name='__main__') # {'x' * 50_000}\"\n{WORDS}",
    "starts_with_a_loader": f"notes: LD_PRELOAD=./evil.so PYTHONPATH=.:/ PYTHONHOME= {START}\n{WORDS}",
    "starts_a_thousand": f"notes: {START}\n{WORDS}" + "".join(f"more{n}: sleep 60\n" for n in range(1000)),
    "starts_twice": f"notes: {START}\nnotes: {START}\n{WORDS}",
    "starts_outside": f"../../notes: {START}\n/etc/passwd: {START}\n{WORDS}",
    "starts_without_end": f"notes: {START} {'x' * 80_000}\n{WORDS}",
    "starts_with_bytes": f"notes: {START} \udcff\udcfe\n{WORDS}",
    "starts_with_escapes": f"notes: {START} \x1b[2J\u202e\n{WORDS}",
}
"""By name: what stands in the Procfile."""

Lay = Callable[[Path], None]


def _tar(*more: tarfile.TarInfo) -> bytes:
    return tarred(_half(), more=more)


def _grown() -> bytes:
    """Return a tar whose header promises a terabyte."""
    info = tarfile.TarInfo("notes/large")
    info.size = 1 << 40
    return tarred(_half(), "w:")[:-10240] + info.tobuf(tarfile.GNU_FORMAT) + bytes(4096)


def _many() -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz", compresslevel=1) as archive:
        for number in range(100_000):
            archive.addfile(tarfile.TarInfo(f"notes/f{number}"))
    return out.getvalue()


def _linked(target: str) -> Lay:
    def lay(tree: Path) -> None:
        (tree / "notes/app.py").unlink()
        (tree / "notes/app.py").symlink_to(target)

    return lay


def _packed(make: Callable[[], bytes], suffix: str) -> Lay:
    """Hand in an archive in the place of a folder."""

    def lay(tree: Path) -> None:
        shutil.rmtree(tree)
        tree.with_name(tree.name + suffix).write_bytes(make())

    return lay


def _empty(tree: Path) -> None:
    shutil.rmtree(tree)
    tree.mkdir()


def _a_folder(tree: Path) -> None:
    (tree / "Procfile").unlink()
    (tree / "Procfile").mkdir()


def _odd_names(tree: Path) -> None:
    for name in (b"\xff\xfe.py", b"a\nb\x1b[2J.py", b"-rf", b"con:aux*.py"):
        Path(os.fsdecode(os.fsencode(tree) + b"/" + name)).write_text("", "utf-8")


def _circles(tree: Path) -> None:
    (tree / "a").symlink_to("b")
    (tree / "b").symlink_to("a")
    (tree / "notes" / "again").symlink_to("..")


def _large(tree: Path) -> None:
    with (tree / "notes" / "large.bin").open("wb") as file:
        file.truncate(4 << 30)


MALFORMED: dict[str, Lay] = {
    "is_empty": _empty,
    "has_no_procfile": lambda tree: (tree / "Procfile").unlink(),
    "has_a_folder_for_a_procfile": _a_folder,
    "has_odd_names": _odd_names,
    "links_in_circles": _circles,
    "links_out": _linked("/etc/passwd"),
    "links_to_a_device": _linked("/dev/zero"),
    "has_a_pipe": lambda tree: os.mkfifo(tree / "notes" / "pipe"),
    "is_large": _large,
    "is_deep": lambda tree: (tree / "/".join(["d"] * 400)).mkdir(parents=True),
    "packs_devices": _packed(
        lambda: _tar(entry("notes/sda", tarfile.BLKTYPE), entry("notes/p", tarfile.FIFOTYPE)), ".tar.gz"
    ),
    "packs_links_out": _packed(lambda: _tar(entry("notes/app.py", tarfile.SYMTYPE, "/etc/passwd")), ".tar.gz"),
    "packs_hard_links": _packed(lambda: _tar(entry("notes/shadow", tarfile.LNKTYPE, "/etc/shadow")), ".tar.gz"),
    "packs_slips": _packed(lambda: zipped({**_half(), "../../right/notes/app.py": b"", RAN: b""}), ".zip"),
    "packs_a_bomb": _packed(lambda: overlapping(200, 1 << 20), ".zip"),
    "packs_a_promise": _packed(_grown, ".tar"),
    "packs_many": _packed(_many, ".tar.gz"),
    "packs_noise": _packed(lambda: b"PK\3\4" + bytes(range(256)) * 64, ".zip"),
}
"""By name: what is no ordinary submission."""

READ: dict[str, Lay] = {
    "packs_another_s_name": _packed(
        lambda: packed({"tree": _half()}, student="right", lab="00-notes", course="9"), ".zip"
    ),
}
"""By name: what is read, and not believed."""

NAMES = {
    "tag": "<img src=x onerror=alert(1)>",
    "escape": "\x1b[31mred\x1b]0;owned\x07",
    "reversed": "evil\u202egnp.exe",
    "formula": "=cmd|' C'!A0",
    "lines": "two\nlines",
    "option": "--unsafe",
    "long": "x" * 200,
}
"""Folders are called so."""

ENDED = {
    "is_never_ready": "its own service never answers",
    "ends_well": "its own service ends before it answers",
    "starts_as_root": "no sudo in a cell",
    "starts_as_another": "nobody becomes root in a cell",
    "starts_by_su": "nobody becomes root in a cell",
    "starts_twice": "a Procfile with a name twice",
    "starts_outside": "a Procfile with names that are none",
    "starts_without_end": "a Procfile that is too long",
    "starts_with_bytes": "a Procfile that is not UTF-8",
    "starts_with_escapes": "a Procfile with control characters",
}
"""Whoever ends their own service, or has nothing that starts, has honestly earned nothing; why."""


def _half() -> dict[str, bytes]:
    found = {}
    for top in (RIGHT, CLASS / "half"):
        found |= {str(p.relative_to(top)): p.read_bytes() for p in top.rglob("*") if p.is_file() and p.suffix != ".pyc"}
    return found


def lay_out(tree: Path, files: Mapping[str, str | bytes]) -> Path:
    """Write files."""
    for name, text in files.items():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_bytes(text if isinstance(text, bytes) else text.encode("utf-8", "surrogateescape"))
    return tree


def hand_in(folder: Path, name: str, *, oracle: int = 0, canned: Mapping[str, str] | None = None) -> None:
    """Lay out what one student hands in: "right", "half", or an attack by its name."""
    tree = folder / NAMES.get(name, name)
    if name == "right":
        shutil.copytree(RIGHT, tree, ignore=shutil.ignore_patterns("*.pyc"))
        return
    lay_out(tree, _half())
    if name in BESIDE or name in INSTEAD:
        for file in ("beside.py", "instead.py"):
            shutil.copy(CLASS / file, tree)
        who = [["127.0.0.1", oracle]] if oracle else []
        took = f"from beside import {name} as beside\n\ninstead = None\n"
        if name in INSTEAD:
            took = f"from instead import {name} as instead\n\n\ndef beside() -> None:\n    pass\n"
        lay_out(tree, {"elsewhere.py": f"ORACLE = {who}\nCANNED = {dict(canned or {})}\n", "attack.py": took})
    lay_out(tree, FILES.get(name, {}))
    if name in PROCFILES:
        lay_out(tree, {"Procfile": PROCFILES[name]})
    if how := MALFORMED.get(name) or READ.get(name):
        how(tree)


if __name__ == "__main__":
    print(json.dumps([*BESIDE, *INSTEAD, *FILES, *PROCFILES, *MALFORMED, *NAMES], indent=1))
