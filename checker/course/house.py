"""What a workspace has beside what the chain lays out: its marker, a README, what git ignores, the notebooks."""

from checker.course.chain import Course
from checker.course.lab import Lab
from checker.course.tree import File, Tree

__all__ = ["MARKER", "house", "is_house", "marker"]

MARKER = "seamwork.toml"
"""The file that makes a folder a workspace."""

_IGNORED = """\
runs/
seamwork-*.zip
.venv/
.env
__pycache__/
*.pyc
.ipynb_checkpoints/
.mypy_cache/
.pytest_cache/
.ruff_cache/
.DS_Store
.idea/
.vscode/
"""
_README = """\
# Your workspace

This folder is yours: a git repository that updates of the course never touch. The Procfile says what runs here.

    seamwork check      run the checks of the lab you are on, and see what happened on the wire
    seamwork list       the labs, and how far you are
    seamwork hint       where to look; again for more
    seamwork start 01   bring the next lab onto your own work
    seamwork up         run the shop for yourself: request asks it, sql and stream look into it, break breaks it
    seamwork lab        the lessons, as notebooks (they lie in notebooks/)

# 你的工作区

这个文件夹归你所有：它是一个 git 仓库，课程更新不会改动它。Procfile 列出了这里要运行的进程。

    seamwork check      运行当前实验的检查，看看网络上发生了什么
    seamwork list       全部实验与你的进度
    seamwork hint       提示该看哪里；再输入一次会说得更多
    seamwork start 01   把下一个实验合并到你自己的成果上
    seamwork up         自己把商店开起来：request 发请求，sql 和 stream 看里面有什么，break 制造故障
    seamwork lab        以笔记本形式打开课程（在 notebooks/ 里）
"""


def house(course: Course) -> Tree:
    """Return what a new workspace is furnished with; what the chain brings of the same name counts instead."""
    return {".gitignore": File(_IGNORED.encode()), "README.md": File(_README.encode()), **course.notebooks()}


def is_house(path: str) -> bool:
    """Tell whether a file is furniture, which stays as the learner has it when the rest is replaced."""
    return path in {".gitignore", "README.md"} or path.startswith("notebooks/")


def marker(lab: Lab, course: Course) -> File:
    """Return the workspace's marker for a lab in progress."""
    text = f'# Written by seamwork: what makes this folder a workspace.\nlab = "{lab.number}"\ncourse = "{course.version}"\n'
    return File(text.encode())
