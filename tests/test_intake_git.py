"""A CSV of git addresses: fetched with nothing that runs, at a commit or in time, and no token ever shown."""

from __future__ import annotations

import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from intake_world import WORK, lay

from checker.errors import Blocked, UsageError
from checker.grader.intake import GitCall, run_git, survey
from checker.grader.intake.git import Git, redacted
from checker.grader.intake.repositories import read_repositories
from checker.grader.model import Handin, Status

DEADLINE = datetime(2026, 11, 25, 23, 59, tzinfo=UTC)


class Repo:
    """A learner's repository, with commits at moments of their choice."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir(parents=True)
        self.git("init", "-q", "-b", "main")

    def git(self, *words: str, at: str = "2026-11-20T12:00:00Z") -> str:
        """Run git as the learner."""
        who = {
            "GIT_AUTHOR_NAME": "L",
            "GIT_AUTHOR_EMAIL": "l@x",
            "GIT_COMMITTER_NAME": "L",
            "GIT_COMMITTER_EMAIL": "l@x",
        }
        clean = {**who, "PATH": os.environ["PATH"], "GIT_CONFIG_NOSYSTEM": "1", "HOME": str(self.path.parent)}
        env = {**clean, "GIT_AUTHOR_DATE": at, "GIT_COMMITTER_DATE": at}
        words = ("git", "-C", str(self.path), "-c", "protocol.file.allow=always", *words)
        return subprocess.run(words, env=env, check=True, capture_output=True, text=True).stdout.strip()

    def commit(self, files: dict[str, bytes], at: str = "2026-11-20T12:00:00Z") -> str:
        """Commit files as they are then, and return the commit."""
        lay(self.path, files)
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", "x", at=at)
        return self.git("rev-parse", "HEAD")

    @property
    def url(self) -> str:
        """Where it lies."""
        return f"file://{self.path}"


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    """Give a repository with a first commit in time."""
    made = Repo(tmp_path / "ada")
    made.commit(WORK)
    return made


def take(folder: Path, lines: str, **how: object) -> Handin:
    """Take in what a CSV of one line names."""
    (folder / "repos.csv").write_text(f"key,url,commit,branch\n{lines}\n", "utf-8")
    (one,) = survey(folder / "repos.csv", local=True, **how).handins()  # type: ignore[arg-type]
    return one


def said(one: Handin) -> str:
    """Return the message in full."""
    assert one.problem is not None
    return f"{one.problem.id} {one.problem.move}".format(**one.problem.values)


def test_tip_is_taken_without_a_deadline(repo: Repo, tmp_path: Path) -> None:
    """The default branch, as it is."""
    found = take(tmp_path, f"ada,{repo.url},,")

    assert {path: file.data for path, file in found.trees["tree"].items()} == WORK
    assert (found.submitted_at, found.source) == (datetime(2026, 11, 20, 12, tzinfo=UTC), repo.url)


def test_last_commit_in_time_counts(repo: Repo, tmp_path: Path) -> None:
    """However many came after it; and whose word the date is, is said."""
    repo.commit({"n": b"in time"}, "2026-11-25T12:00:00Z")
    for number in range(60):
        repo.commit({"n": b"late %d" % number}, "2026-11-26T12:00:00Z")

    found = take(tmp_path, f"ada,{repo.url},,", deadline=DEADLINE)

    assert found.trees["tree"]["n"].data == b"in time"
    assert "its author's own word" in found.notes[0].id


def test_merged_branch_does_not_count_for_the_main_line(repo: Repo, tmp_path: Path) -> None:
    """First parents are followed: what was merged late counts from its merge."""
    repo.git("checkout", "-q", "-b", "side")
    repo.commit({"n": b"side"}, "2026-11-24T12:00:00Z")
    repo.git("checkout", "-q", "main")
    repo.git("merge", "-q", "--no-ff", "-m", "m", "side", at="2026-11-26T12:00:00Z")

    assert "n" not in take(tmp_path, f"ada,{repo.url},,", deadline=DEADLINE).trees["tree"]


def test_dates_that_cannot_be_right_are_told(repo: Repo, tmp_path: Path) -> None:
    """A commit that claims to be older than its parent was dated back."""
    repo.commit({"n": b"late"}, "2026-11-27T12:00:00Z")
    repo.commit({"n": b"dated back"}, "2026-11-25T12:00:00Z")

    found = take(tmp_path, f"ada,{repo.url},,", deadline=DEADLINE)

    assert ["the dates cannot all be right" in note.id for note in found.notes] == [False, True]


def test_nothing_in_time_is_missing(repo: Repo, tmp_path: Path) -> None:
    """Nobody handed anything in before the deadline."""
    found = take(tmp_path, f"ada,{repo.url},,", deadline=datetime(2026, 1, 1, tzinfo=UTC))

    assert found.status is Status.MISSING
    assert "the first commit looked at is of 2026-11-20" in said(found)


def test_commit_and_branch_are_taken_at_their_word(repo: Repo, tmp_path: Path) -> None:
    """What the list names counts, whatever the deadline."""
    wanted = repo.commit({"n": b"wanted"}, "2026-12-01T12:00:00Z")
    repo.commit({"n": b"later"})
    repo.git("checkout", "-q", "-b", "lab/03")
    repo.commit({"n": b"branch"})

    assert take(tmp_path, f"ada,{repo.url},{wanted},", deadline=DEADLINE).trees["tree"]["n"].data == b"wanted"
    assert take(tmp_path, f"ada,{repo.url},,lab/03").trees["tree"]["n"].data == b"branch"


def test_earlier_version_comes_from_its_tag(repo: Repo, tmp_path: Path) -> None:
    """As `seamwork pack` would have it; where there is no tag, that is said."""
    repo.git("tag", "before-02")
    repo.commit({"n": b"after"})

    assert "n" not in take(tmp_path, f"ada,{repo.url},,", required=["before-02"]).trees["before-02"]
    assert "before-03, from before this lab" in said(take(tmp_path, f"ada,{repo.url},,", required=["before-03"]))


def test_repository_that_is_not_there_is_not_gradable(tmp_path: Path) -> None:
    """A server that is down says nothing of the student: never malformed, never missing."""
    found = take(tmp_path, f"ada,file://{tmp_path}/none,,")

    assert found.status is Status.NOT_GRADABLE
    assert f"git cannot fetch file://{tmp_path}/none" in said(found)


def test_nothing_of_a_repository_runs(repo: Repo, tmp_path: Path) -> None:
    """No filter, no expansion, no hook, no submodule: files come as they were committed."""
    ran = tmp_path / "ran"
    attributes = {
        ".gitattributes": b"* filter=evil ident export-subst export-ignore text eol=crlf\n",
        "id": b"$Id$ $Format:%H$\n",
    }
    repo.git("config", "filter.evil.smudge", f"touch {ran}")
    repo.git("config", "uploadpack.packObjectsHook", f"touch {ran}; exec git")
    for hook in ("post-checkout", "post-update", "pre-receive", "reference-transaction"):
        lay(repo.path, {f".git/hooks/{hook}": f"#!/bin/sh\ntouch {ran}\n".encode()})
        (repo.path / f".git/hooks/{hook}").chmod(0o755)
    repo.git("-c", "filter.evil.smudge=cat", "-c", "core.hooksPath=/dev/null", "status")
    lay(repo.path, attributes)
    repo.git("-c", "core.hooksPath=/dev/null", "add", "-A")
    repo.git("-c", "core.hooksPath=/dev/null", "commit", "-q", "-m", "x")

    found = take(tmp_path, f"ada,{repo.url},,")

    assert not ran.exists()
    assert found.trees["tree"]["id"].data == b"$Id$ $Format:%H$\n"


@pytest.mark.parametrize("kind", ["link", "submodule"])
def test_what_is_no_plain_file_is_malformed(kind: str, repo: Repo, tmp_path: Path) -> None:
    """Links and repositories within are not followed."""
    if kind == "link":
        (repo.path / "odd").symlink_to("/etc/passwd")
        repo.commit({})
    else:
        repo.git("update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},odd")
        repo.git("commit", "-q", "-m", "x")

    assert "'odd' is a link or a repository of its own" in said(take(tmp_path, f"ada,{repo.url},,"))


def test_names_of_a_hostile_tree_are_refused(repo: Repo, tmp_path: Path) -> None:
    """git itself writes a tree that leads out, when told to."""
    blob = repo.git("rev-parse", "HEAD:Procfile")
    tree = subprocess.run(
        ["git", "-C", repo.path, "hash-object", "-w", "-t", "tree", "--literally", "--stdin"],
        input=b"100644 ..\0" + bytes.fromhex(blob),
        check=True,
        capture_output=True,
    ).stdout.decode()
    commit = repo.git("commit-tree", "-m", "x", tree.strip())
    repo.git("update-ref", "refs/heads/main", commit)

    assert "leads out of the archive" in said(take(tmp_path, f"ada,{repo.url},,"))


def test_files_of_a_repository_have_caps(repo: Repo, tmp_path: Path) -> None:
    """Sizes are asked for before anything is read."""
    repo.commit({"big.bin": bytes((4 << 20) + 1)})

    assert "'big.bin' has 4194305 bytes or more" in said(take(tmp_path, f"ada,{repo.url},,"))


@pytest.mark.parametrize(
    "address",
    [
        "ext::sh -c touch% /tmp/x",
        "http://example.org/x.git",
        "git://example.org/x.git",
        "file:///etc",
        "/etc",
        "../x",
        "-oProxyCommand=x",
        "ssh://-oProxyCommand=x/y",
        "ssh://a@-oProxyCommand=x/y",
        "-x@host:y",
        "https://user:SECRET@host name/x",
        "fd::17",
    ],
)
def test_addresses_that_could_run_something_are_refused(address: str, tmp_path: Path) -> None:
    """https and ssh, and nothing that git would take for an option or a helper; secrets are not repeated."""
    (tmp_path / "repos.csv").write_text(f'key,url\nada,"{address}"\n')

    with pytest.raises(UsageError, match=r"Line 2 of .* has a url that cannot be one") as raised:
        read_repositories(tmp_path / "repos.csv")
    assert "SECRET" not in str(raised.value)


@pytest.mark.parametrize(
    "address", ["https://h.org/a/b.git", "https://u:t@h.org/b", "ssh://git@h.org:22/b.git", "git@h.org:a/b.git"]
)
def test_usual_addresses_pass(address: str, tmp_path: Path) -> None:
    """What hosts show under "clone"."""
    (tmp_path / "repos.csv").write_text(f"roster_identifier,student_repository_url\nada,{address}\n")

    ((one,), _) = read_repositories(tmp_path / "repos.csv")

    assert (one.key, one.address) == ("ada", address)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("ada,https://h/x,abc,", "Line 2 of .* has a commit that cannot be one: 'abc'"),
        ("ada,https://h/x,,--upload-pack=x", "Line 2 of .* has a branch that cannot be one"),
        ("ada,https://h/x,,\nada,https://h/y,,", "Line 3 of .* has 'ada' again; line 2"),
    ],
)
def test_wrong_line_is_said(line: str, words: str, tmp_path: Path) -> None:
    """Before anything is fetched."""
    (tmp_path / "repos.csv").write_text(f"key,url,commit,branch\n{line}\n")

    with pytest.raises(UsageError, match=words):
        survey(tmp_path / "repos.csv")


def test_helper_would_run(tmp_path: Path) -> None:
    """git does run what ext:: names where it is allowed to; with our protocols it does not."""
    ran = tmp_path / "ran"
    address = f"ext::touch {ran}"

    for protocols, runs in (("https:ssh", False), ("ext", True)):
        (tmp_path / protocols).mkdir()
        with pytest.raises(Blocked):
            Git(tmp_path / protocols, address, protocols=protocols).online("fetch", "origin")
        assert ran.exists() is runs


def test_token_is_neither_shown_nor_on_a_command_line(tmp_path: Path) -> None:
    """It is in the environment of git alone, and in no message."""
    calls: list[GitCall] = []

    def runner(call: GitCall) -> subprocess.CompletedProcess[bytes]:
        calls.append(call)
        if "fetch" in call.argv:
            return subprocess.CompletedProcess(call.argv, 128, b"", b"fatal: no access to 'https://u:SECRET@h.org/x'")
        return run_git(call)

    found = take(tmp_path, "ada,https://u:SECRET@h.org/x,,", run=runner)

    assert "https://h.org/x" in said(found)
    assert not any(
        "SECRET" in text for text in (said(found), found.source, repr(found), *(repr(call) for call in calls))
    )


def test_git_gets_a_clean_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What this machine's git is told elsewhere counts for nothing."""
    monkeypatch.setenv("GIT_SSH_COMMAND", "touch x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "SECRET")
    git = Git(tmp_path, "https://h.org/x")

    assert git._env["HOME"] == str(tmp_path)
    assert not {"AWS_SECRET_ACCESS_KEY"} & set(git._env)
    assert "BatchMode=yes" in git._env["GIT_SSH_COMMAND"]


def test_git_that_hangs_is_ended(tmp_path: Path) -> None:
    """Its children go with it."""
    with pytest.raises(subprocess.TimeoutExpired):
        run_git(GitCall(("sh", "-c", "sleep 60 & sleep 60"), tmp_path, {"PATH": os.environ["PATH"]}, seconds=0.2))


def test_git_cannot_fill_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that grows past the cap ends the program that writes it."""
    monkeypatch.setattr("checker.grader.intake.git._MAX_FILE", 64 * 1024)

    done = run_git(GitCall(("sh", "-c", "head -c 1000000 /dev/zero > big"), tmp_path, {"PATH": os.environ["PATH"]}))

    assert done.returncode != 0
    assert (tmp_path / "big").stat().st_size <= 64 * 1024


def test_roster_and_list_go_together(repo: Repo, tmp_path: Path) -> None:
    """A student's own deadline counts for commits, too; who is not on the list is missing."""
    repo.commit({"n": b"extended"}, "2026-11-28T12:00:00Z")
    (tmp_path / "roster.csv").write_text("key,deadline\nada,2026-11-30\nbob,\n")
    (tmp_path / "repos.csv").write_text(f"key,url\nada,{repo.url}\n")

    ada, bob = survey(
        tmp_path / "repos.csv", roster=tmp_path / "roster.csv", deadline=DEADLINE, local=True, zone=UTC
    ).handins()

    assert (ada.trees["tree"]["n"].data, bob.status) == (b"extended", Status.MISSING)


def test_redaction_keeps_the_rest() -> None:
    """Names and tokens go, wherever they stand."""
    assert redacted("see https://u:t@h/x and ssh://git@h/y, or a@b") == "see https://h/x and ssh://h/y, or a@b"
