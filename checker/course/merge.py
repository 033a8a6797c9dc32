"""From lab to lab: our change from one lab's end to the next one's start, brought onto the learner's own work.

As git's cherry-pick does it, with git's own way back. Nothing of theirs is ever lost: what is not committed is
committed first, under their name, and what leaves the branch stays on another one.
"""

from dataclasses import dataclass

from checker.course.git import Git
from checker.course.history import Step, write_history
from checker.course.house import MARKER, is_house, marker
from checker.course.lab import Lab
from checker.course.tree import File, Tree
from checker.course.workspace import Workspace, tag_before
from checker.errors import N_, UsageError

__all__ = ["Conflict", "Moved", "abort_start", "continue_start", "reset", "start", "start_fresh"]

_UNDER_WAY = ("CHERRY_PICK_HEAD", "MERGE_HEAD", "REVERT_HEAD", "rebase-merge", "rebase-apply")
_HOW = {
    "123": N_("changed by you and by the lab"),
    "23": N_("added by you and by the lab"),
    "12": N_("changed by you, deleted by the lab"),
    "13": N_("deleted by you, changed by the lab"),
    "2": N_("added by you, in the way of the lab's"),
    "3": N_("added by the lab, in the way of yours"),
    "1": N_("deleted by you and by the lab"),
}
"""By the stages of a file that git could not merge: 1 as it was, 2 theirs, 3 the lab's."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """A file that git could not merge, and how both sides changed it (a message id)."""

    path: str
    how: str


@dataclass(frozen=True, slots=True)
class Moved:
    """What became of a workspace: the lab it is on, and where everything is.

    ``committed``: the message of the commit that took up uncommitted work, "" when there was none. ``branch``: where
    the work from before is kept, "" when it is right below. With ``conflicts`` the start is not done yet.
    """

    lab: Lab
    committed: str = ""
    branch: str = ""
    tag: str = ""
    conflicts: tuple[Conflict, ...] = ()


@dataclass(frozen=True, slots=True)
class _State:
    head: str
    branch: str
    dirty: bool


def start(workspace: Workspace, lab: Lab) -> Moved:
    """Bring a lab's beginning onto the learner's work: a three-way merge, one commit, the tag ``before-`` below it.

    Raises UsageError when the lab is not the next one, when something else is under way, or a file is in the way.
    """
    state = _at_rest(workspace)
    _hold_next(workspace, lab)
    course, git = workspace.course, workspace.git
    ours, theirs = course.ground(lab), course.start(lab)
    _hold_free(workspace, theirs.keys() - ours.keys())
    committed, head = _commit_work(workspace, state, f"Before lab {lab.number}")
    here = {MARKER: File((workspace.path / MARKER).read_bytes())}
    steps = [Step("What the lab is laid over", {**ours, **here}), _beginning(workspace, lab, theirs)]
    change = write_history(git, steps, refs={f"refs/tags/{tag_before(lab)}": head})[-1]
    picked = git.run("cherry-pick", change, check=False, extra=git.identity)
    conflicts = _conflicts(git) if picked.returncode else ()
    if picked.returncode and not conflicts:
        raise _refused(workspace, picked.stderr)
    return Moved(lab, committed, tag=tag_before(lab), conflicts=conflicts)


def continue_start(workspace: Workspace) -> Moved:
    """End a start whose conflicts are resolved. Raises UsageError when there is none, or a file is not resolved yet."""
    lab = _starting(workspace)
    git = workspace.git
    if conflicts := _conflicts(git):
        raise UsageError(
            N_("{path} is still in conflict: {how}."),
            N_("Write it as it should be, then: git add {path}. Not after all? seamwork start --abort"),
            path=conflicts[0].path,
            how=conflicts[0].how,
        )
    touched = git.names("diff-tree", "--no-commit-id", "--name-only", "-r", "-z", "CHERRY_PICK_HEAD")
    marks = ("grep", "--cached", "-z", "-l", "-I", "-E", "^(<<<<<<<|>>>>>>>) ")
    for path in git.names(*marks, "--", *touched, check=False):
        raise UsageError(
            N_("{path} still holds the marks of a conflict (<<<<<<<, >>>>>>>)."),
            N_("Write it as it should be, then: git add {path}"),
            path=path,
        )
    picked = git.run("cherry-pick", "--continue", check=False, extra=git.identity)
    if picked.returncode:
        raise _refused(workspace, picked.stderr)
    return Moved(lab, tag=tag_before(lab))


def abort_start(workspace: Workspace) -> Moved:
    """Go back to before a start that is in conflict. Raises UsageError when there is none."""
    tag = tag_before(_starting(workspace))
    workspace.git.run("cherry-pick", "--abort")
    workspace.git.run("tag", "-d", tag, check=False)
    return Moved(workspace.lab)


def start_fresh(workspace: Workspace, lab: Lab) -> Moved:
    """Go on from our end of the lab before, with the lab's beginning on it; their work stays on a branch.

    Raises UsageError when something is under way, or a file is in the way.
    """
    state = _at_rest(workspace)
    course, git = workspace.course, workspace.git
    ground, beginning = course.ground(lab), course.start(lab)
    _hold_free(workspace, ground.keys() | beginning.keys())
    committed, head = _commit_work(workspace, state, f"Before lab {lab.number}")
    branch = _free_branch(git, f"mine-before-{lab.number}")
    kept = {path: file for path, file in git.tree(head).items() if is_house(path)}
    here = {MARKER: File((workspace.path / MARKER).read_bytes())}
    before = course.before(lab)
    steps = [_beginning(workspace, lab, {**kept, **beginning})]
    if before:
        below = Step(f"Lab {before.number} done, our way", {**kept, **ground, **here}, (tag_before(lab),))
        steps.insert(0, below)
    fresh = write_history(git, steps, on=head, refs={f"refs/heads/{branch}": head})[-1]
    git.run("reset", "-q", "--keep", fresh)
    return Moved(lab, committed, branch, tag_before(lab) if before else "")


def reset(workspace: Workspace, lab: Lab) -> Moved:
    """Go back to where the learner's own start of a lab was; what came after stays on a branch.

    Raises UsageError when the lab was not started here, or something is under way.
    """
    state = _at_rest(workspace)
    target = _started_at(workspace, lab)
    committed, head = _commit_work(workspace, state, f"Before going back to lab {lab.number}")
    if head == target:
        return Moved(lab)
    branch = _free_branch(workspace.git, f"mine-{lab.number}")
    workspace.git.run("branch", branch, head)
    workspace.git.run("reset", "-q", "--keep", target)
    return Moved(lab, committed, branch)


def _beginning(workspace: Workspace, lab: Lab, tree: Tree) -> Step:
    title = f"Start lab {lab.number}: {lab.title['en']}"
    return Step(title, {**tree, MARKER: marker(lab, workspace.course)})


def _at_rest(workspace: Workspace) -> _State:
    git = workspace.git
    for name in _UNDER_WAY:
        if (git.folder / name).exists():
            _hold_no_start(workspace)
            raise UsageError(
                N_("Something of git's is under way in {path} ({name})."),
                N_("End it or call it off first; git -C {path} status says how."),
                path=workspace.path,
                name=name,
            )
    lines = git.names("status", "--porcelain=v2", "--branch", "-z", "--no-renames", "--untracked-files=normal")
    about = dict(line[2:].split(" ", 1) for line in lines if line.startswith("# branch."))
    state = _State(about["branch.oid"], about["branch.head"], any(not line.startswith("# ") for line in lines))
    if state.head == "(initial)":
        raise UsageError(
            N_("The repository in {path} has no commit."),
            N_("Make one: git add -A && git commit -m 'My work'"),
            path=workspace.path,
        )
    if state.branch == "(detached)":
        raise UsageError(
            N_("{path} is on no branch, so that new work could get lost."),
            N_("Make one: git switch -c mine"),
            path=workspace.path,
        )
    return state


def _hold_no_start(workspace: Workspace) -> None:
    try:
        lab = _starting(workspace)
    except UsageError:
        return
    raise UsageError(
        N_("The start of lab {lab} is under way, with conflicts."),
        N_("Resolve them, git add, then: seamwork start --continue. Or go back: seamwork start --abort"),
        lab=lab.number,
    )


def _starting(workspace: Workspace) -> Lab:
    """Tell which lab is being started. A cherry-pick of the learner's own does not touch the marker."""
    git = workspace.git
    numbers = {lab.number: lab for lab in workspace.course.labs}
    if (git.folder / "CHERRY_PICK_HEAD").exists() and git.file("CHERRY_PICK_HEAD", MARKER) != git.file("HEAD", MARKER):
        text = git.file("CHERRY_PICK_HEAD", MARKER) or ""
        for number, lab in numbers.items():
            if f'lab = "{number}"' in text:
                return lab
    raise UsageError(
        N_("No start of a lab is under way in {path}."),
        N_("seamwork list shows the labs, and which one is next."),
        path=workspace.path,
    )


def _hold_next(workspace: Workspace, lab: Lab) -> None:
    labs, current = workspace.course.labs, workspace.lab
    step = labs.index(lab) - labs.index(current)
    if step == 1:
        return
    if step <= 0:
        raise UsageError(
            N_("Lab {lab} was started already; you are on lab {current}."),
            N_("Go on with seamwork check; back to its beginning: seamwork reset {lab}"),
            lab=lab.number,
            current=current.number,
        )
    raise UsageError(
        N_("Lab {lab} builds on lab {before}, and you are on lab {current}."),
        N_("Next is seamwork start {next}. To skip what is between, with our solutions: seamwork start {lab} --fresh"),
        lab=lab.number,
        before=labs[labs.index(lab) - 1].number,
        current=current.number,
        next=labs[labs.index(current) + 1].number,
    )


def _hold_free(workspace: Workspace, paths: set[str]) -> None:
    """Hold that no file that git ignores lies where one of ours will: git would write over it."""
    there = sorted(path for path in paths if (workspace.path / path).exists())
    if not there:
        return
    for path in workspace.git.names("ls-files", "-z", "--others", "--ignored", "--exclude-standard", "--", *there):
        raise UsageError(
            N_("{path} is in the way: the lab brings a file of that name, and git does not keep yours."),
            N_("Move or rename yours, then try again."),
            path=path,
        )


def _commit_work(workspace: Workspace, state: _State, message: str) -> tuple[str, str]:
    """Commit all that is not committed, and return the message ("" when there was nothing) and the head."""
    if not state.dirty:
        return "", state.head
    git = workspace.git
    git.run("add", "--all", "--", ".")
    git.run("commit", "-q", "--allow-empty", "-m", message, extra=git.identity)
    return message, git.text("rev-parse", "HEAD")


def _conflicts(git: Git) -> tuple[Conflict, ...]:
    stages: dict[str, str] = {}
    for line in git.names("ls-files", "--unmerged", "-z"):
        about, path = line.split("\t", 1)
        stages[path] = stages.get(path, "") + about[-1]
    return tuple(Conflict(path, _HOW[stage]) for path, stage in stages.items())


def _free_branch(git: Git, name: str) -> str:
    taken = set(git.text("for-each-ref", "--format=%(refname:short)", "refs/heads").splitlines())
    names = [name, *(f"{name}-{number}" for number in range(2, len(taken) + 3))]
    return next(free for free in names if free not in taken)


def _started_at(workspace: Workspace, lab: Lab) -> str:
    git = workspace.git
    line = f'lab = "{lab.number}"'
    touched = git.text("log", "--first-parent", "--format=%H", f"-S{line}", "HEAD", "--", MARKER).split()
    for commit in touched:
        if line in (git.file(commit, MARKER) or ""):
            return commit
    raise UsageError(
        N_("Lab {lab} was not started in {path}."),
        N_("seamwork start {lab} brings it onto your work; with --fresh, onto our solution of the lab before."),
        lab=lab.number,
        path=workspace.path,
    )


def _refused(workspace: Workspace, said: bytes) -> UsageError:
    return UsageError(
        N_("git could not bring the lab's change onto your work in {path}: {said}"),
        N_("Nothing of yours is lost. Look at it with git -C {path} status; back: seamwork start --abort"),
        path=workspace.path,
        said=said.decode(errors="replace").strip(),
    )
