"""Houses: what the processes of one service share and no other service has: a user, copies of the tree, limits."""

from __future__ import annotations

import os
import shutil
import threading
from dataclasses import dataclass, field
from pathlib import Path

from checker.errors import N_, EngineFault, LearnerFault
from checker.grader.sandbox import mounting
from checker.grader.sandbox.groups import Groups

__all__ = ["FIRST_UID", "House", "Houses", "Limits"]

FIRST_UID = 1_900_000_000
"""Above what systemd hands out to containers, and below what it keeps (systemd.io/UIDS-GIDS)."""
MOST = 32
"""Houses of one submission."""
MEBIBYTE = 1 << 20


@dataclass(frozen=True)
class Limits:
    """How much one service has, in bytes and numbers."""

    memory: int = 768 * MEBIBYTE  # of all its processes, and of all they write: where there are control groups
    processes: int = 256  # threads count
    disk: int = 64 * MEBIBYTE  # its tree; /tmp and /dev/shm have as much each
    files: int = 1024
    address: int = 4096 * MEBIBYTE  # of one process, much of which it never touches
    seconds: int = 600  # of processor time, of one process

    def of_a_process(self) -> dict[str, int]:
        """Return what setrlimit(2) is told, by name."""
        return {
            "nproc": self.processes,
            "nofile": self.files,
            "fsize": self.disk,
            "as": self.address,
            "cpu": self.seconds,
            "core": 0,
            "memlock": 65536,
            "msgqueue": 65536,
            "nice": 0,
            "rtprio": 0,
        }


@dataclass
class House:
    """``uid`` None: that of whoever started us, who has no other."""

    name: str
    uid: int | None
    place: Path
    cgroups: list[str]
    copies: dict[Path, Path] = field(default_factory=dict)


class Houses:
    """Of one submission, in the folder ``yard``; ``slot`` keeps their users apart from those of others that run now."""

    def __init__(self, yard: Path, slot: int, limits: Limits, groups: Groups) -> None:
        self._yard, self._limits, self._groups = yard, limits, groups
        self._first = FIRST_UID + slot * MOST if os.geteuid() == 0 else None
        self._houses: dict[str, House] = {}
        self._lock = threading.RLock()

    @property
    def users(self) -> dict[int, str]:
        """The names of all users there can be, by number."""
        if self._first is None:
            return {os.geteuid(): "service"}
        return {self._first + number: f"service{number}" for number in range(MOST)}

    @property
    def servers_uid(self) -> int | None:
        """The user of the servers, who has no house; None: that of whoever started us."""
        return None if self._first is None else self._first + MOST - 1

    def house(self, name: str) -> House:
        """Return the house of that name, built when it is first asked for. Raises EngineFault when there are too many."""
        with self._lock:
            if name not in self._houses:
                self._houses[name] = self._build(name, len(self._houses))
            return self._houses[name]

    def copy(self, house: House, folder: Path) -> Path:
        """Return the house's own copy of ``folder``, made when it is first asked for. Links are copied as what they are.

        Raises LearnerFault when there is no room left in the house.
        """
        with self._lock:
            if folder not in house.copies:
                copy = house.place / str(len(house.copies))
                self._lay_out(folder, copy, house)
                house.copies[folder] = copy
            return house.copies[folder]

    def _lay_out(self, folder: Path, copy: Path, house: House) -> None:
        try:
            shutil.copytree(folder, copy, symlinks=True, ignore=shutil.ignore_patterns(".venv", ".git"))
            _give(copy, house.uid)
        except OSError as error:
            raise LearnerFault(
                N_("There is no room for {service}: what was handed in, and what it writes, takes {most} MiB at most."),
                N_("Leave out what is no source, and write less."),
                service=house.name,
                most=self._limits.disk // MEBIBYTE,
            ) from error

    def _build(self, name: str, number: int) -> House:
        if number >= MOST - 1:
            raise EngineFault(N_("A submission has at most {most} services here."), most=MOST - 1)
        place = self._yard / "houses" / str(number)
        place.mkdir(parents=True)
        mounting.tmpfs(place, size=self._limits.disk, inodes=self._limits.disk // 4096)
        limits = {"memory": self._limits.memory, "pids": self._limits.processes}
        uid = None if self._first is None else self._first + number
        return House(name, uid, place, self._groups.make(limits))


def _give(folder: Path, uid: int | None) -> None:
    """Give all of it to a user, who may write there, and whose modes are as in any other copy."""
    for top, folders, files in os.walk(folder):
        for name in [".", *folders, *files]:
            path = os.path.join(top, name)  # noqa: PTH118  (os.walk's own words)
            if uid is not None:
                os.chown(path, uid, uid, follow_symlinks=False)
