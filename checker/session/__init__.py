"""One lab on one workspace: from the learner's folder to results on the disk."""

from checker.session.runs import save
from checker.session.session import check

__all__ = ["check", "save"]
