"""What an instructor has on disk → hand-ins: folders, archives, what platforms let one download, a CSV of git addresses."""

from checker.grader.intake.git import GitCall, GitRunner, run_git
from checker.grader.intake.survey import Survey, survey

__all__ = ["GitCall", "GitRunner", "Survey", "run_git", "survey"]
