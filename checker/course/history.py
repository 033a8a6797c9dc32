"""Commits made of trees, in one call of git, without touching the work tree, the index, or a branch not named."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from checker.course.git import Git
from checker.course.tree import File, Tree

__all__ = ["Step", "write_history"]

_NOTHING = "0" * 40
_SCRATCH = "refs/seamwork/scratch"


@dataclass(frozen=True, slots=True)
class Step:
    """A commit to be made: its message, all of its files, the tags that it gets."""

    message: str
    tree: Tree
    tags: tuple[str, ...] = ()


def write_history(
    git: Git, steps: Sequence[Step], *, on: str = "", branch: str = "", refs: Mapping[str, str] | None = None
) -> list[str]:
    """Commit the steps one upon the other, and return the commits' names in the same order.

    ``on`` is the commit that the first one follows; without it the first has no parent. ``branch`` is set to the last
    one; without it the commits belong to no ref. ``refs`` are set besides, full name to commit ("refs/tags/x").
    """
    stream = _stream(steps, git.committer(), on, f"refs/heads/{branch}" if branch else _SCRATCH, refs or {})
    done = git.run("fast-import", "--quiet", "--force", "--done", stdin=b"".join(stream))
    return done.stdout.decode().split()


def _stream(steps: Sequence[Step], committer: str, on: str, ref: str, refs: Mapping[str, str]) -> Iterator[bytes]:
    below: Tree = {}
    for mark, step in enumerate(steps, 1):
        parent = f":{mark - 1}" if mark > 1 else on
        yield f"reset {ref}\n\n".encode() if not parent else b""
        yield f"commit {ref}\nmark :{mark}\ncommitter {committer}\n".encode() + _data(step.message.encode())
        yield f"from {parent}\n".encode() if parent else b""
        yield b"deleteall\n" if mark == 1 else b""
        yield from _difference(below, step.tree)
        yield f"\nget-mark :{mark}\n".encode()
        for tag in step.tags:
            yield f"reset refs/tags/{tag}\nfrom :{mark}\n\n".encode()
        below = step.tree
    for name, commit in refs.items():
        yield f"reset {name}\nfrom {commit}\n\n".encode()
    if ref == _SCRATCH:
        yield f"reset {ref}\nfrom {_NOTHING}\n\n".encode()
    yield b"done\n"


def _difference(before: Tree, after: Tree) -> Iterator[bytes]:
    for path in before.keys() - after.keys():
        yield b"D " + _quoted(path) + b"\n"
    for path, file in after.items():
        if before.get(path) != file:
            yield f"M {_mode(file)} inline ".encode() + _quoted(path) + b"\n" + _data(file.data)


def _mode(file: File) -> str:
    return "100755" if file.executable else "100644"


def _data(content: bytes) -> bytes:
    return f"data {len(content)}\n".encode() + content + b"\n"


def _quoted(path: str) -> bytes:
    escaped = path.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'.encode(errors="surrogateescape")
