"""Which of the files handed in are the work: the trees of a pack, or the workspace itself, wherever it lies."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from checker.course.tree import File, Tree
from checker.errors import N_
from checker.grader.intake.archives import is_archive
from checker.grader.intake.malformed import SEAMWORK_PACK, Malformed, shown
from checker.grader.intake.names import left_out
from checker.grader.intake.packs import MANIFEST, is_pack, unpack
from checker.grader.intake.pile import hold_sizes

__all__ = ["PROCFILE", "hold_required", "several", "trees_of"]

PROCFILE = "Procfile"
_NAMED = 6  # names that a message lists


def trees_of(
    files: Mapping[str, File], inner: Callable[[bytes], Mapping[str, File]], required: Collection[str] = ()
) -> dict[str, Tree]:
    """Return the trees of what was handed in. Raises Malformed where there is no workspace among the files.

    A single folder around everything is looked through, and so is a single archive, which ``inner`` unpacks, once.
    ``required`` names the trees that must be there ("before-02"): only a pack has them. A repository's tags and dates
    are the learner's own word, so nothing is taken from a ``.git`` that lies around.
    """
    trees = _trees(files, inner)
    for tree in trees.values():
        hold_sizes({path: len(file.data) for path, file in tree.items()})
    hold_required(trees, required)
    return {name: dict(sorted(tree.items())) for name, tree in trees.items()}


def hold_required(trees: Mapping[str, Tree], required: Collection[str]) -> None:
    """Raise Malformed where a version from before the lab is missing."""
    for name in required:
        if name not in trees:
            raise Malformed(
                N_("The version {name}, from before this lab, is needed and was not handed in."),
                N_("`seamwork pack` puts it into its file, from the git tag {name}. Hand in that file."),
                name=name,
            )


def _trees(files: Mapping[str, File], inner: Callable[[bytes], Mapping[str, File]] | None) -> Mapping[str, Tree]:
    files = _looked_through(files)
    if PROCFILE in files:
        return {"tree": files}
    if is_pack(files):
        trees = unpack(files)
        if PROCFILE in trees["tree"]:
            return trees
        raise _no_procfile(trees["tree"])
    archives = sorted(path for path, file in files.items() if is_archive(file.data[:512]))
    if inner is not None and len(archives) == 1:
        return _trees(inner(files[archives[0]].data), None)
    raise several(archives) if len(archives) > 1 else _no_procfile(files)


def _looked_through(files: Mapping[str, File]) -> Mapping[str, File]:
    while len(tops := {path.partition("/")[0] for path in files}) == 1 and not files.keys() & tops:
        files = {path.partition("/")[2]: file for path, file in files.items()}
    return {path: file for path, file in files.items() if not left_out(tuple(path.split("/")))}


def several(archives: list[str]) -> Malformed:
    """Return what to raise where more than one archive was handed in at once."""
    return Malformed(
        N_("There are {count} archives, and nothing says which of them counts: {found}."),
        SEAMWORK_PACK,
        count=len(archives),
        found=_some(archives),
    )


def _no_procfile(files: Mapping[str, File]) -> Malformed:
    if not files:
        return Malformed(N_("There is no file in it that counts."), SEAMWORK_PACK)
    deeper = sorted(path for path in files if path.endswith(f"/{PROCFILE}"))
    if deeper:
        return Malformed(
            N_("There is no Procfile at the top, but further down: {found}."),
            N_("Hand in the folder that the Procfile is in, and nothing around it. `seamwork pack` does."),
            found=_some(deeper),
        )
    message = N_("There is no Procfile at the top, so nothing can be started. What is there: {found}.")
    found = sorted({path.partition("/")[0] + "/" * ("/" in path) for path in files if path != MANIFEST})
    return Malformed(message, SEAMWORK_PACK, found=_some(found))


def _some(names: list[str]) -> str:
    return ", ".join(map(shown, names[:_NAMED])) + (", …" if len(names) > _NAMED else "")
