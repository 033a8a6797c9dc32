"""Where things lie: caches made whole or not at all, private folders, copies within another user's reach."""

from __future__ import annotations

import os
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from checker.backing import SubprocessStarter, binaries, specs
from checker.backing.distribution import within_reach
from checker.backing.golden import lay_data
from checker.backing.places import PrivateDir, cache_dir, forget_unused, reachable, server_uid
from checker.errors import Blocked, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from checker.backing import Started

PROGRAM = "package/bin/program"


def private(root: Path) -> PrivateDir:
    return PrivateDir("test", uid=None, need=0, roots=[root])


class Listening(SubprocessStarter):
    """Remembers what was started."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def start(self, name: str, *args: Any, **kwargs: Any) -> Started:
        self.names.append(name)
        return super().start(name, *args, **kwargs)


def laid() -> list[str]:
    """Lay a data directory, throw it away, and return the names of the programs that had to run for it."""
    starter, uid = Listening(), server_uid()
    home = PrivateDir("pg", uid=uid, need=0)
    lay_data(binaries.postgres_embedded(uid), home.path, starter, uid=uid)
    home.close()
    return starter.names


@pytest.fixture
def cache(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return a cache of golden directories that is empty, and in memory."""
    home = PrivateDir("cache-test", uid=None, need=0)
    monkeypatch.setenv("XDG_CACHE_HOME", str(home.path))
    yield home.path / "seamwork/postgres"
    home.close()


@pytest.fixture
def public(tmp_path: Path) -> Path:
    """Return a folder that every user may enter."""
    for folder in (tmp_path, tmp_path.parent, tmp_path.parent.parent):
        folder.chmod(0o755)
    return tmp_path


@pytest.fixture
def package(public: Path) -> Path:
    """Return a folder closed to others, with a program in it."""
    home = public / "home"
    (home / PROGRAM).parent.mkdir(parents=True)
    (home / PROGRAM).write_text("#!/bin/sh\necho here\n")
    (home / PROGRAM).chmod(0o700)
    home.chmod(0o700)
    return home


def test_golden_directory_is_made_whole(cache: Path) -> None:
    """Of two that start side by side, one's golden directory stays, whole, and no draft of the other."""
    with ThreadPoolExecutor() as pool:
        for run in [pool.submit(laid), pool.submit(laid)]:
            run.result()

    (golden,) = cache.iterdir()
    assert sorted(entry.name for entry in golden.iterdir()) == ["data", "password"]


def test_golden_directory_is_made_once(cache: Path) -> None:
    """The first start runs initdb, the second copies; one that cannot be copied is made anew."""
    assert [laid(), laid()] == [["initdb"], []]
    (golden,) = cache.iterdir()
    shutil.rmtree(golden / "data")

    assert [laid(), laid()] == [["initdb"], []]


def test_cache_others_may_write_is_not_used(cache: Path) -> None:
    """A cache folder that others may write into is none."""
    cache.mkdir(parents=True)
    cache.chmod(0o777)

    assert cache_dir("postgres") is None


def test_unused_cache_entries_are_forgotten(tmp_path: Path) -> None:
    """What has not been used for a month goes, what has been stays."""
    for name, days in {"old": 31, "young": 29}.items():
        (tmp_path / name).mkdir()
        moment = (tmp_path / name).stat().st_mtime - days * 86_400
        os.utime(tmp_path / name, (moment, moment))

    forget_unused(tmp_path)

    assert [entry.name for entry in tmp_path.iterdir()] == ["young"]


def test_abandoned_folder_is_swept(tmp_path: Path) -> None:
    """A private folder whose owner is gone is removed by the next one, held ones are not."""
    abandoned, held, sweeper = private(tmp_path), private(tmp_path), private(tmp_path)
    os.close(abandoned._lock)
    abandoned._lock = -1

    sweeper.sweep(lambda _: None)

    assert [folder.path.exists() for folder in (abandoned, held, sweeper)] == [False, True, True]


def test_newborn_folder_is_not_swept(tmp_path: Path) -> None:
    """A folder that has not got its lock yet is somebody's who is starting."""
    (tmp_path / "seamwork-new-x").mkdir()

    private(tmp_path).sweep(lambda _: None)

    assert (tmp_path / "seamwork-new-x").exists()


def test_link_is_not_swept(tmp_path: Path) -> None:
    """A symbolic link named like one of our folders leads nowhere."""
    (tmp_path / "precious").mkdir()
    (tmp_path / "seamwork-test-x").symlink_to(tmp_path / "precious")

    private(tmp_path).sweep(lambda _: None)

    assert (tmp_path / "precious").exists()


def test_program_in_reach_is_not_copied(package: Path, public: Path) -> None:
    """For ourselves, and where the other user can go, a program runs from where it is."""
    assert within_reach(package, ["package"], PROGRAM, None, bases=[public]) == package


@pytest.mark.needs("root")
def test_program_out_of_reach_is_copied(package: Path, public: Path) -> None:
    """A program in a closed folder is copied to where the other user can run it; the closed folder stays closed."""
    copy = within_reach(package, ["package"], PROGRAM, server_uid(), bases=[public])
    said = subprocess.run([copy / PROGRAM], user=server_uid(), capture_output=True, text=True, check=True).stdout

    assert said == "here\n"
    assert package.stat().st_mode & 0o777 == 0o700


@pytest.mark.needs("root")
def test_program_is_copied_once(package: Path, public: Path) -> None:
    """The second time, the copy is there."""
    first, second = (within_reach(package, ["package"], PROGRAM, server_uid(), bases=[public]) for _ in range(2))

    assert first == second
    assert len(list((public / "seamwork").iterdir())) == 1


@pytest.mark.needs("root")
def test_shelf_of_another_is_not_trusted(package: Path, public: Path) -> None:
    """A folder for copies that another user made first is not used."""
    (public / "seamwork").mkdir()
    os.chown(public / "seamwork", server_uid() or 0, -1)

    with pytest.raises(Blocked, match=r"lies where user id .* cannot run it"):
        within_reach(package, ["package"], PROGRAM, server_uid(), bases=[public])


@pytest.mark.needs("root")
def test_linked_shelf_is_not_trusted(package: Path, public: Path) -> None:
    """A symbolic link in place of the folder for copies is not followed."""
    (public / "elsewhere").mkdir()
    (public / "seamwork").symlink_to(public / "elsewhere")

    with pytest.raises(Blocked, match="cannot run it"):
        within_reach(package, ["package"], PROGRAM, server_uid(), bases=[public])


@pytest.mark.needs("root")
def test_closed_folder_is_out_of_reach(package: Path) -> None:
    """Reach ends at the first folder that is closed, however open those in it are."""
    assert not reachable((package / PROGRAM).parent, server_uid())


@pytest.mark.parametrize(
    ("backing", "expected"),
    [
        ("path", ("path", "path")),
        ("redis://h/0", ("embedded", "redis://h/0")),
        ("postgresql://h/d,redis://h/0", ("postgresql://h/d", "redis://h/0")),
    ],
)
def test_backing_is_split_in_two(backing: str, expected: tuple[str, str]) -> None:
    """A word holds for both; a URL for its own, and the other is embedded."""
    assert specs(backing) == expected


def test_half_a_backing_is_refused() -> None:
    """A list with something else in it is refused, and that is named."""
    with pytest.raises(UsageError, match="'dcoker' is no backing"):
        specs("postgresql://h/d,dcoker")
