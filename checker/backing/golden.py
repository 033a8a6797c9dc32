"""The golden data directory: made once by initdb, then copied, which takes a tenth of the time."""

from __future__ import annotations

import hashlib
import os
import platform
import secrets
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from checker.backing.logged import run_logged
from checker.backing.places import cache_dir, forget_unused, group_of
from checker.errors import N_, Blocked, EngineFault

if TYPE_CHECKING:
    from checker.backing.binaries import Program
    from checker.backing.starter import Starter

__all__ = ["lay_data"]

SUPERUSER = "postgres"


def lay_data(program: Program, home: Path, starter: Starter, *, uid: int | None) -> str:
    """Make ``home/"data"``, a fresh data directory owned by ``uid``, and return its superuser's first password.

    Raises Blocked when the disk is full, EngineFault when initdb fails.
    """
    shelf = cache_dir("postgres")
    if shelf is None:
        return _initialise(program, home, starter, uid)
    golden = shelf / _key(program, uid)
    try:
        return _copy_of(golden, home)
    except FileNotFoundError:
        password = _initialise(program, home, starter, uid)
        _keep(golden, home / "data", password)
        return password


def _arguments(program: Program) -> list[str]:
    arguments = ["-U", SUPERUSER, "-E", "UTF8", "--locale=C", "--wal-segsize=1", "--no-sync", "--no-instructions"]
    arguments += ["--auth=scram-sha-256"]
    return [*arguments, "--no-data-checksums"] if program.major >= 18 else arguments  # noqa: PLR2004  (on by default there)


def _key(program: Program, uid: int | None) -> str:
    settings = "|".join([*_arguments(program), platform.machine(), str(uid), str(program.path)])
    return f"{program.version}-{hashlib.sha256(settings.encode()).hexdigest()[:12]}"


def _initialise(program: Program, home: Path, starter: Starter, uid: int | None) -> str:
    password = secrets.token_hex(16)
    pwfile = home / "password"
    pwfile.touch(mode=0o600)
    pwfile.write_text(password)
    if uid is not None:
        os.chown(pwfile, uid, group_of(uid))
    argv = [str(program.path.parent / "initdb"), "-D", str(home / "data"), *_arguments(program), f"--pwfile={pwfile}"]
    code, said = run_logged(starter, "initdb", argv, home / "initdb.log", uid=uid, within=60.0)
    pwfile.unlink()
    if code != 0:
        raise _room_or_fault(
            said,
            EngineFault(
                N_("initdb of PostgreSQL {version} ended with {code}: {said}"),
                N_("Use --backing path, docker or a URL meanwhile."),
                version=program.version,
                code=code,
                said=said,
            ),
        )
    return password


def _copy_of(golden: Path, home: Path) -> str:
    password = (golden / "password").read_text()
    copied = subprocess.run(["cp", "-a", golden / "data", home / "data"], capture_output=True, text=True, check=False)
    if copied.returncode != 0:
        shutil.rmtree(home / "data", ignore_errors=True)
        fault = _room_or_fault(copied.stderr, FileNotFoundError(golden))
        if isinstance(fault, FileNotFoundError):  # a golden directory that cannot be copied is none
            shutil.rmtree(golden, ignore_errors=True)
        raise fault
    os.utime(golden)
    return password


def _keep(golden: Path, data: Path, password: str) -> None:
    """Put a copy into the cache under its name, whole or not at all; where another run was quicker, leave theirs."""
    draft = Path(tempfile.mkdtemp(prefix="draft-", dir=golden.parent))
    try:
        subprocess.run(["cp", "-a", data, draft / "data"], capture_output=True, check=True)
        (draft / "password").write_text(password)
        draft.rename(golden)
    except (OSError, subprocess.CalledProcessError):  # the cache is a convenience: without it the next start is slower
        shutil.rmtree(draft, ignore_errors=True)
    forget_unused(golden.parent)


def _room_or_fault(said: str, fault: Exception) -> Exception:
    if "No space left" not in said and "Disk quota" not in said:
        return fault
    return Blocked(
        N_("The disk is full: {said}"),
        N_("Free some room, or set TMPDIR to a folder that has it."),
        said=said.strip().splitlines()[0],
    )
