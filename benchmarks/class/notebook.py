"""The four checks as an nbgrader assignment: python notebook.py COURSE SUBMISSION… lays a course out with those handed in.

Run by the Python that nbgrader is installed for. COURSE becomes nbgrader's course directory; each SUBMISSION is a file
with an ``app``, and its name is the student's.
"""

from __future__ import annotations

import sys
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_notebook

ASSIGNMENT = "notes"
SERVE = """\
import threading, time
import requests, uvicorn

server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="critical"))
threading.Thread(target=server.run, daemon=True).start()
while not server.started:
    time.sleep(0.005)
at = "http://127.0.0.1:{}".format(server.servers[0].sockets[0].getsockname()[1])"""
CHECKS = {
    "kept": """\
reply = requests.post(f"{at}/notes", json={"text": "milk"}, timeout=10)
assert (reply.status_code, reply.json()["text"]) == (201, "milk")""",
    "read-back": """\
number = requests.post(f"{at}/notes", json={"text": "bread"}, timeout=10).json()["id"]
assert requests.get(f"{at}/notes/{number}", timeout=10).json() == {"id": number, "text": "bread"}""",
    "unknown": 'assert requests.get(f"{at}/notes/2000000000", timeout=10).status_code == 404',
    "empty": 'assert requests.post(f"{at}/notes", json={"text": ""}, timeout=10).status_code == 422',
}


def notebook(solution: str) -> nbformat.NotebookNode:
    """Return the notebook with what was handed in, its checks locked."""
    cells = [
        _cell(solution, "app", solution=True),
        _cell(SERVE, "serve", locked=True),
        *(_cell(source, name, grade=True, locked=True, points=1) for name, source in CHECKS.items()),
    ]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    return new_notebook(cells=cells, metadata=kernel)


def _cell(
    source: str,
    name: str,
    *,
    grade: bool = False,
    locked: bool = False,
    solution: bool = False,
    points: int | None = None,
) -> nbformat.NotebookNode:
    told = {
        "grade": grade,
        "grade_id": name,
        "locked": locked,
        "schema_version": 3,
        "solution": solution,
        "task": False,
    }
    return new_code_cell(source, metadata={"nbgrader": told | ({"points": points} if grade else {})})


def main(course: Path, submissions: list[Path]) -> None:
    """Write the source of the assignment, and what each student handed in."""
    places = {course / "source" / ASSIGNMENT: "# BEGIN SOLUTION\napp = None\n# END SOLUTION"}
    for file in submissions:
        places[course / "submitted" / file.stem / ASSIGNMENT] = file.read_text("utf-8")
    for folder, solution in places.items():
        folder.mkdir(parents=True)
        nbformat.write(notebook(solution), folder / f"{ASSIGNMENT}.ipynb")


if __name__ == "__main__":
    main(Path(sys.argv[1]), [Path(each) for each in sys.argv[2:]])
