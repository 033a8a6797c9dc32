"""The course as it lies on disk, and the learner's workspace: labs, the chain of overlays, from one lab to the next."""

from checker.course.chain import Course, Mistake, root
from checker.course.change import Change, changed_lines
from checker.course.contract import Contract, Owner
from checker.course.house import MARKER
from checker.course.lab import LANGUAGES, CheckMeta, Lab
from checker.course.merge import Conflict, Moved, abort_start, continue_start, reset, start, start_fresh
from checker.course.overlay import Overlay, Recorded
from checker.course.pack import Packed, pack, pack_name
from checker.course.tree import File, Tree, digest, fingerprint, read_tree, write_tree
from checker.course.workspace import Passed, Workspace, init

__all__ = [
    "LANGUAGES",
    "MARKER",
    "Change",
    "CheckMeta",
    "Conflict",
    "Contract",
    "Course",
    "File",
    "Lab",
    "Mistake",
    "Moved",
    "Overlay",
    "Owner",
    "Packed",
    "Passed",
    "Recorded",
    "Tree",
    "Workspace",
    "abort_start",
    "changed_lines",
    "continue_start",
    "digest",
    "fingerprint",
    "init",
    "pack",
    "pack_name",
    "read_tree",
    "reset",
    "root",
    "start",
    "start_fresh",
    "write_tree",
]
