"""git, called so that nothing in a repository, a configuration or the environment makes it run anything else.

No hooks, no file-system monitor, no pager, no editor, no signatures, no housekeeping in the background, no
``GIT_*`` variable but those that say who somebody is and where their configuration lies.
"""

import os
import subprocess
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path

from checker.course.tree import File, Tree
from checker.errors import N_, UsageError

__all__ = ["Git", "bodies"]

_KEPT = {
    "GIT_AUTHOR_NAME",
    "GIT_AUTHOR_EMAIL",
    "GIT_COMMITTER_NAME",
    "GIT_COMMITTER_EMAIL",
    "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_SYSTEM",
    "GIT_CONFIG_NOSYSTEM",
}
_SETTINGS = (
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.pager=cat",
    "core.autocrlf=false",
    "core.safecrlf=false",
    "core.quotePath=false",
    "commit.gpgSign=false",
    "tag.gpgSign=false",
    "log.showSignature=false",
    "gc.auto=0",
    "maintenance.auto=false",
    "submodule.recurse=false",
    "rerere.enabled=false",
)
_FLAGS = tuple(word for setting in _SETTINGS for word in ("-c", setting))
_FIXED = {
    "LC_ALL": "C.UTF-8",
    "GIT_EDITOR": ":",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_LITERAL_PATHSPECS": "1",
}
_NOBODY = {"name": "Seamwork learner", "email": "learner@seamwork.invalid"}
_PATIENCE = 120.0  # seconds for one call; what takes longer waits for something that will not come


class Git:
    """The repository whose work tree is ``work``. It is told where it is, and never looks in the folders above."""

    def __init__(self, work: Path) -> None:
        self.work = work

    @cached_property
    def folder(self) -> Path:
        """The repository itself, wherever ``.git`` leads. Raises UsageError when there is none."""
        inside = self.work / ".git"
        if inside.is_dir():
            return inside
        if inside.is_file():  # a linked work tree
            return self.work / inside.read_text("utf-8").removeprefix("gitdir:").strip()
        raise UsageError(
            N_("{path} is no git repository (any more)."),
            N_("Make it one: git init && git add -A && git commit -m 'My work'"),
            path=self.work,
        )

    def init(self) -> None:
        """Make an empty repository with the branch ``main``, from no template."""
        self.work.mkdir(parents=True, exist_ok=True)
        _call(["git", "init", "-q", "-b", "main", "--template=", str(self.work)], _environment(), b"")

    def run(
        self, *words: str, stdin: bytes = b"", check: bool = True, extra: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[bytes]:
        """Run git with these words. Raises UsageError when it is missing or, with ``check``, when it fails."""
        environment = {**_environment(), **self._place, **(extra or {})}
        done = _call(["git", *_FLAGS, *words], environment, stdin)
        if check and done.returncode:
            raise UsageError(
                N_("git {command} failed in {path}: {said}"),
                N_("Look at the repository: git -C {path} status"),
                command=words[0],
                path=self.work,
                said=done.stderr.decode(errors="replace").strip(),
            )
        return done

    def text(self, *words: str, check: bool = True) -> str:
        """Run git, and return what it wrote, stripped."""
        return self.run(*words, check=check).stdout.decode(errors="surrogateescape").strip()

    def names(self, *words: str, check: bool = True) -> list[str]:
        """Run git with output parted by NUL, and return the parts."""
        return _parts(self.run(*words, check=check).stdout)

    def file(self, commit: str, path: str) -> str | None:
        """Return a text file as a commit has it; None where it does not."""
        found = self.run("cat-file", "blob", f"{commit}:{path}", check=False)
        return None if found.returncode else found.stdout.decode(errors="replace")

    def tree(self, commit: str) -> Tree:
        """Return all files of a commit. Symbolic links and repositories within come as :meth:`entries` shows them."""
        files = [entry for entry in self.entries(commit) if entry[0].startswith("100")]
        wanted = "".join(f"{name}\n" for _, name, _ in files).encode()
        answer = self.run("cat-file", "--batch", stdin=wanted).stdout
        found = bodies(answer)
        return {path: File(next(found), mode == "100755") for mode, _, path in files}

    def entries(self, commit: str) -> list[tuple[str, str, str]]:
        """Return (mode, object, path) of all that a commit holds."""
        found = []
        for line in self.names("ls-tree", "-r", "-z", "--full-tree", commit):
            about, path = line.split("\t", 1)
            mode, _, name = about.split(" ")
            found.append((mode, name, path))
        return found

    @cached_property
    def identity(self) -> Mapping[str, str]:
        """What to add to the environment for a commit: a name and an address where the learner has set none."""
        pattern = r"^(user|author|committer)\.(name|email)$"
        said = self.names("config", "--null", "--get-regexp", pattern, check=False)
        known = {line.partition("\n")[0] for line in said}
        return {
            f"GIT_{who.upper()}_{what.upper()}": nobody
            for who in ("author", "committer")
            for what, nobody in _NOBODY.items()
            if not known & {f"user.{what}", f"{who}.{what}"} and not os.environ.get(f"GIT_{who.upper()}_{what.upper()}")
        }

    def committer(self) -> str:
        """Return who commits, and when, as git writes it: "Ada <ada@example.org> 1700000000 +0000"."""
        done = self.run("var", "GIT_COMMITTER_IDENT", extra=self.identity)
        return done.stdout.decode(errors="replace").strip()

    @cached_property
    def _place(self) -> Mapping[str, str]:
        return {"GIT_DIR": str(self.folder.absolute()), "GIT_WORK_TREE": str(self.work.absolute())}


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_") or name in _KEPT}
    kept.pop("LANGUAGE", None)
    return {**kept, **_FIXED}


def _call(words: list[str], environment: Mapping[str, str], stdin: bytes) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(
            words, env=environment, input=stdin, capture_output=True, timeout=_PATIENCE, check=False, cwd="/"
        )
    except FileNotFoundError:
        raise UsageError(
            N_("git is not on PATH, and a workspace is a git repository."),
            N_("Install it: sudo apt install git (Debian, Ubuntu, WSL2), xcode-select --install (macOS)."),
        ) from None
    except subprocess.TimeoutExpired:
        raise UsageError(
            N_("git {command} did not end within {seconds:.0f} s."),
            N_("Does another git wait for something in that folder?"),
            command=words[-1],
            seconds=_PATIENCE,
        ) from None


def _parts(answer: bytes) -> list[str]:
    return [part.decode(errors="surrogateescape") for part in answer.split(b"\0") if part]


def bodies(answer: bytes) -> Iterator[bytes]:
    """Part the output of ``git cat-file --batch``: "<object> blob <size>", the bytes, a line end."""
    at = 0
    while at < len(answer):
        end = answer.index(b"\n", at)
        size = int(answer[at:end].split()[2])
        yield answer[end + 1 : end + 1 + size]
        at = end + 1 + size + 1
