"""Lessons: a guide in Markdown, and the executed notebook that is derived from it."""

from checker.lessons.build import build, cells_of, notebook_file, stale_notebooks

__all__ = ["build", "cells_of", "notebook_file", "stale_notebooks"]
