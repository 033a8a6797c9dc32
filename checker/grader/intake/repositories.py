"""A CSV of git addresses → trees: at the commit it names, or at the last one before the deadline.

Columns: one that tells students apart, as in a roster; ``url``; ``commit`` and ``branch`` where wanted. GitHub
Classroom's own list of grades serves as well ("roster_identifier", "student_repository_url").

When a commit was made is the learner's own word. The first parents are walked back from the branch's tip to the first
commit that says it was in time; dates that do not fit the order of commits are told to the instructor, no more.
"""

from __future__ import annotations

import io
import re
import tempfile
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from checker.course.git import bodies
from checker.course.tree import File
from checker.errors import N_, UsageError
from checker.grader.intake.git import Git, GitRunner, redacted, run_git
from checker.grader.intake.malformed import SEAMWORK_PACK, Malformed, NothingHandedIn, shown
from checker.grader.intake.pile import Pile, hold_sizes
from checker.grader.intake.roster import key_column, key_of, refuse_twice
from checker.grader.intake.tables import Row, Table, read_table
from checker.outcome import Message

__all__ = ["Cloned", "Repository", "clone", "read_repositories"]

_URL = ("url", "git url", "repository", "repo", "student repository url", "仓库", "地址")
_ADDRESS = re.compile(r"(?!\S*@-)(?:https://[^\s/-][^\s]*|ssh://[^\s/-][^\s]*|[\w.][\w.-]*@[\w.][\w.-]*:[^\s-][^\s]*)")
_FILE = re.compile(r"file:///.+")
_COMMIT = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
_BRANCH = re.compile(r"(?!.*(\.\.|//|@\{|\.lock$))[\w][\w./+-]*")
_DEPTHS = (50, 1_000, 20_000)  # the first is enough to see most dates that do not fit


@dataclass(frozen=True)
class Repository:
    """A line of the CSV: whose, where, and which commit or branch ("" for the default one)."""

    key: str
    address: str
    commit: str = ""
    branch: str = ""

    @property
    def label(self) -> str:
        """The address for people, without what may be a password."""
        return shown(redacted(self.address))


@dataclass(frozen=True)
class Cloned:
    """What a repository holds: the files of the commit, those of the tags asked for, and when it was made."""

    files: dict[str, File]
    before: dict[str, dict[str, File]]
    at: datetime
    notes: tuple[Message, ...]


def read_repositories(path: Path, *, local: bool = False) -> tuple[list[Repository], tuple[Message, ...]]:
    """Read the CSV. Raises UsageError, with the line, for what is no address, commit or branch.

    ``local`` allows ``file:///``, which reads what lies on this machine.
    """
    table = read_table(path)
    if not set(_URL) & set(table.headers):
        raise UsageError(
            N_("{path} has no column url. Its columns: {found}."),
            N_("A list of submissions in git needs key, url and, where wanted, commit and branch."),
            path=path,
            found=", ".join(filter(None, table.headers)),
        )
    column = key_column(table)
    rows = [row for row in table.rows if row.get(*_URL)]
    refuse_twice(table, rows, column)
    return [_repository(row, table, key_of(row, table, column), local=local) for row in rows], table.notes


def clone(
    repository: Repository,
    deadline: datetime | None,
    tags: Collection[str] = (),
    runner: GitRunner = run_git,
) -> Cloned:
    """Fetch as little as serves, and read it. Raises Malformed for what cannot be graded, Blocked for what is not theirs.

    ``tags`` are the versions from before a lab; what has no such tag lacks it in ``before``.
    """
    protocols = "file" if repository.address.startswith("file:") else "https:ssh"
    with tempfile.TemporaryDirectory(prefix="seamwork-git-") as folder:
        git = Git(Path(folder), repository.address, runner, protocols)
        commit, at, notes = _commit(git, repository, deadline)
        before = {tag: _tree(git, tag) for tag in tags if _has_tag(git, tag)}
        return Cloned(_tree(git, commit), before, at, notes)


def _commit(git: Git, repository: Repository, deadline: datetime | None) -> tuple[str, datetime, tuple[Message, ...]]:
    if repository.commit:
        git.online("fetch", "-q", "--depth=1", "origin", repository.commit)
        ((commit, at),) = _history(git, repository.commit, 1)
        return commit, at, ()
    for depth in _DEPTHS if deadline else (1,):
        ref = f"refs/heads/{repository.branch}" if repository.branch else "HEAD"
        git.online("fetch", "-q", f"--depth={depth}", "origin", f"+{ref}:refs/heads/tip")
        history = list(_history(git, "refs/heads/tip", depth))
        for place, (commit, at) in enumerate(history):
            if deadline is None or at <= deadline:
                return commit, at, _doubts(history, place)
        if git.run("rev-parse", "--is-shallow-repository").strip() == b"false":
            break
    raise NothingHandedIn(
        N_("Nothing in {address} says that it was committed by {deadline}; the first commit looked at is of {first}."),
        N_("Look at the repository, or name a commit in the list."),
        address=repository.label,
        deadline=deadline.isoformat() if deadline else "",
        first=history[-1][1].isoformat(),
    )


def _doubts(history: list[tuple[str, datetime]], place: int) -> tuple[Message, ...]:
    chosen = history[place][1]
    notes = [Message(_THEIR_WORD, "", {"commit": history[place][0][:10], "at": chosen.isoformat()})]
    if any(at > chosen for _, at in history[place + 1 :]):
        notes.append(Message(_OUT_OF_ORDER, "", {"commit": history[place][0][:10]}))
    return tuple(notes)


_THEIR_WORD = N_("Commit {commit} counts; that it was made at {at} is its author's own word.")
_OUT_OF_ORDER = N_("A commit before {commit} claims to be later than it: the dates cannot all be right.")


def _history(git: Git, tip: str, most: int) -> Iterator[tuple[str, datetime]]:
    """Return (commit, committed at) along the first parents, the newest first."""
    raw = git.run("log", "--first-parent", f"--max-count={most}", "--format=%H %ct", tip, "--").decode()
    for line in raw.splitlines():
        commit, _, at = line.partition(" ")
        yield commit, _moment(at)


def _moment(seconds: str) -> datetime:
    try:
        return datetime.fromtimestamp(int(seconds), UTC)
    except (ValueError, OverflowError, OSError):
        return datetime.max.replace(tzinfo=UTC)  # a date that no clock ever showed is never in time


def _has_tag(git: Git, tag: str) -> bool:
    ref = f"refs/tags/{tag}"
    if not git.online("ls-remote", "origin", ref).strip():
        return False
    git.online("fetch", "-q", "--depth=1", "origin", f"+{ref}:{ref}")
    return True


def _repository(row: Row, table: Table, key: str, *, local: bool) -> Repository:
    said = {
        "url": row.get(*_URL),
        "commit": row.get("commit", "sha", "提交").casefold(),
        "branch": row.get("branch", "分支"),
    }
    known = _ADDRESS.fullmatch(said["url"]) or (local and _FILE.fullmatch(said["url"]))
    rules = (
        ("url", known, N_("Write https://…, ssh://… or git@host:path; nothing else is fetched.")),
        ("commit", not said["commit"] or _COMMIT.fullmatch(said["commit"]), N_("Write all 40 digits of it.")),
        ("branch", not said["branch"] or _BRANCH.fullmatch(said["branch"]), N_("Write its name, such as main.")),
    )
    for column, holds, move in rules:
        if not holds:
            raise UsageError(
                N_("Line {line} of {path} has a {column} that cannot be one: {found!r}."),
                move,
                line=row.line,
                path=table.path,
                column=column,
                found=shown(redacted(said[column])),
            )
    return Repository(key, said["url"], said["commit"], said["branch"])


def _tree(git: Git, commit: str) -> dict[str, File]:
    pile = Pile()
    wanted = list(_entries(git, commit, pile))
    hold_sizes({path: size for path, _, _, size in wanted})
    names = "".join(f"{name}\n" for _, _, name, _ in wanted).encode()
    for (path, mode, _, size), body in zip(wanted, bodies(git.run("cat-file", "--batch", stdin=names)), strict=True):
        pile.add(path, io.BytesIO(body).read, size, executable=mode == "100755")
    return pile.files


def _entries(git: Git, commit: str, pile: Pile) -> Iterator[tuple[str, str, str, int]]:
    for raw in git.run("ls-tree", "-r", "-z", "--long", "--full-tree", commit).split(b"\0")[:-1]:
        about, _, name = raw.decode("utf-8", "surrogateescape").partition("\t")
        mode, _, object_name, size = about.split()
        if not (path := pile.entry(name)):
            continue
        if not mode.startswith("100"):
            raise Malformed(
                N_("{path!r} is a link or a repository of its own, and no plain file."),
                SEAMWORK_PACK,
                path=shown(path),
            )
        yield path, mode, object_name, int(size)
