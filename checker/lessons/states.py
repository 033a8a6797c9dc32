"""The states of a lab that a lesson's cells run on, as trees and as workspaces."""

from __future__ import annotations

from pathlib import Path

from checker.course import Course, Lab, Tree, init, write_tree
from checker.errors import N_, EngineFault

__all__ = ["lay_out", "tree_of"]


def tree_of(course: Course, lab: Lab, state: str) -> Tree:
    """Return the files of a lab in a state: "start", "solution", "wrong/<mistake>" or "right/<manner>".

    Raises EngineFault for a state that there is not.
    """
    if state == "start":
        return course.start(lab)
    if state == "solution":
        return course.end(lab)
    for version in course.wrong(lab) if state.startswith("wrong/") else ():
        if state == f"wrong/{version.name}":
            return course.laid(lab, version)
    for overlay in course.right(lab) if state.startswith("right/") else ():
        if state == f"right/{overlay.folder.name}":
            return course.laid(lab, overlay)
    raise EngineFault(
        N_("{lab} has no state {state!r}."),
        N_("There are start, solution, and the folders in wrong/ and right/."),
        lab=lab.name,
        state=state,
    )


def lay_out(course: Course, lab: Lab, state: str, folder: Path) -> None:
    """Make a workspace at ``folder`` that is in this state, with nothing to commit. Raises as ``tree_of`` and ``init`` do."""
    wanted = tree_of(course, lab, state)
    workspace = init(folder, course, at=lab, solved=state != "start")
    if state in ("start", "solution"):
        return
    for path in course.end(lab).keys() - wanted.keys():
        (folder / path).unlink()
    write_tree(wanted, folder)
    workspace.git.run("add", "-A")
    workspace.git.run("-c", "user.name=you", "-c", "user.email=you@example.com", "commit", "-qm", state)
