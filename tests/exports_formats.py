"""The formats of others, written down from their documents, to hold what is exported against.

Gradescope: https://gradescope-autograders.readthedocs.io/en/latest/specs/. Classroom 50: foundation50/classroom50,
schemas/result-v1.schema.json and the wiki's "Advanced Autograding". JUnit: Jenkins' junit-10.xsd (jenkinsci/xunit-plugin).
Canvas: instructure/canvas-lms, lib/gradebook_importer.rb. Moodle: moodle/moodle, grade/import/csv/classes/load_data.php.
"""

from __future__ import annotations

import csv
import io
import re
from typing import Any
from xml.etree import ElementTree as ET

__all__ = ["CLASSROOM50", "GRADESCOPE", "canvas_reads", "junit_faults", "moodle_reads"]

_TEXT, _SCORE, _COUNT = {"type": "string"}, {"type": "number", "minimum": 0}, {"type": "integer", "minimum": 0}
_VISIBILITY = {"enum": ["hidden", "after_due_date", "after_published", "visible"]}
_FORMAT = {"enum": ["text", "html", "simple_format", "md", "ansi"]}
GRADESCOPE: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["score", "tests"],
    "properties": {
        "score": _SCORE,
        "execution_time": _SCORE,
        "output": _TEXT,
        "output_format": _FORMAT,
        "test_output_format": _FORMAT,
        "test_name_format": _FORMAT,
        "visibility": _VISIBILITY,
        "stdout_visibility": _VISIBILITY,
        "extra_data": {"type": "object"},
        "tests": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "properties": {
                    "score": _SCORE,
                    "max_score": _SCORE,
                    "status": {"enum": ["passed", "failed"]},
                    "name": _TEXT,
                    "name_format": _FORMAT,
                    "number": _TEXT,
                    "output": _TEXT,
                    "output_format": _FORMAT,
                    "tags": {"type": "array", "items": _TEXT},
                    "visibility": _VISIBILITY,
                    "extra_data": {"type": "object"},
                },
            },
        },
    },
}
_SAID = {"type": "string", "minLength": 1}
_MOMENT = {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}T([01]\d|2[0-3]):[0-5]\d:[0-5]\dZ$"}
CLASSROOM50: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": [
        *("schema", "classroom", "assignment", "assignment_type", "owner", "submission", "commit", "release", "review"),
        *("datetime", "score", "max-score", "tests"),
    ],
    "properties": {
        "schema": {"const": "classroom50/result/v1"},
        **dict.fromkeys(("classroom", "assignment", "owner", "commit", "release", "review"), _SAID),
        "assignment_type": {"enum": ["individual", "group", "team"]},
        "submission": {"type": "string", "pattern": "^submit/"},
        "datetime": _MOMENT,
        "graded_at": _MOMENT,
        "score": _COUNT,
        "max-score": _COUNT,
        "tests": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["test-name", "passed", "score", "max-score"],
                "properties": {
                    "test-name": _SAID,
                    "passed": {"type": "boolean"},
                    "score": _COUNT,
                    "max-score": _COUNT,
                },
            },
        },
    },
}

_TIME = re.compile(r"(([0-9]{0,3},)*[0-9]{3}|[0-9]{0,3})*(\.[0-9]{0,3})?")
_TOLD = ({"message", "type"}, set(), set())
_JUNIT: dict[str, tuple[set[str], set[str], set[str]]] = {
    # element: attributes it may have, those it must have, children it may have
    "testsuites": ({"name", "time", "tests", "failures", "errors"}, set(), {"testsuite"}),
    "testsuite": (
        {"name", "tests", "failures", "errors", "skipped", "time", "timestamp", "hostname", "id", "package"},
        {"name", "tests", "failures", "errors"},
        {"properties", "testcase", "system-out", "system-err"},
    ),
    "properties": (set(), set(), {"property"}),
    "property": ({"name", "value"}, {"name", "value"}, set()),
    "testcase": (
        {"name", "classname", "time", "group"},
        {"name"},
        {"skipped", "error", "failure", "system-out", "system-err"},
    ),
    **dict.fromkeys(("skipped", "error", "failure"), _TOLD),
}


def junit_faults(element: ET.Element) -> list[str]:
    """Return what in it, or below it, does not keep to the schema."""
    if element.tag not in _JUNIT:
        return [f"<{element.tag}>"]
    may, must, below = _JUNIT[element.tag]
    there = set(element.keys())
    wrong = [f"{element.tag}@{name}" for name in (there - may) | (must - there)]
    wrong += [f"{element.tag}/{child.tag}" for child in element if child.tag not in below]
    wrong += [f"{element.tag}@time {time}" for time in [element.get("time", "")] if not _TIME.fullmatch(time)]
    return wrong + [fault for child in element for fault in junit_faults(child)]


def canvas_reads(text: str) -> tuple[float, dict[str, str]]:
    """Read a CSV as Canvas' import does: the points there are, and each student's grade by the identity it finds first."""
    head, possible, *rows = csv.reader(io.StringIO(text, newline=""))
    assert "Student" in head[0]
    assert "ID" in head[1]
    assert head[2:5] == ["SIS User ID", "SIS Login ID", "Section"]
    assert "Points Possible" in possible[0]
    return float(possible[5]), {next(filter(None, row[1:4])): row[5] for row in rows}


def moodle_reads(text: str, by: str) -> dict[str, str | None]:
    """Read a CSV as Moodle's import does: each user's grade. A line with an empty identity goes to the user before it."""
    head, *rows = csv.reader(io.StringIO(text, newline=""))
    user, grades = "", {}
    for row in rows:
        user = row[head.index(by)].strip() or user
        assert user not in grades, "two lines for one user"
        value = row[head.index("03-calls")].strip()
        grades[user] = None if value == "-" else value or "0"  # an empty one becomes 0 in a new grade item
    return grades
