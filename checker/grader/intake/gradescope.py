"""What Gradescope's export says of each submission: who handed it in, and when.

``submission_metadata.yml`` is YAML as Ruby writes it: ``submission_123: {:submitters: [{:name: …, :sid: …, :email: …}],
:created_at: 2026-11-25 …}``. Results that hold a learner's output may be in it as well; they are not looked at.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import yaml

from checker.errors import N_, UsageError
from checker.grader.intake.dates import aware, parse_date
from checker.grader.intake.malformed import shown
from checker.grader.intake.places import Place

__all__ = ["METADATA", "Submission", "read_metadata"]

METADATA = "submission_metadata.yml"
_LARGEST = 256 * 1024 * 1024


@dataclass(frozen=True)
class Submission:
    """Who handed it in (name, sid, email: several in a group), and when."""

    people: tuple[Mapping[str, str], ...]
    at: datetime | None


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # the C one, where it was built
    """Plain values; what only Ruby knows becomes nothing."""


_Loader.add_multi_constructor("", lambda *_: None)


def read_metadata(place: Place) -> dict[str, Submission]:
    """Return what is known of each, by its name in the export. Raises UsageError where the file is not Gradescope's."""
    try:
        about = yaml.load(place.text(METADATA, _LARGEST), _Loader)  # noqa: S506  (it makes plain values only)
    except (yaml.YAMLError, OSError, ValueError, RecursionError) as reason:
        raise _wrong(str(reason)) from None
    if not isinstance(about, dict):
        raise _wrong("no table")
    return {str(name): _submission(entry) for name, entry in about.items()}


def _submission(entry: Any) -> Submission:
    entry = entry if isinstance(entry, dict) else {}
    submitters = entry.get(":submitters")
    people = (
        [_person(person) for person in submitters if isinstance(person, dict)] if isinstance(submitters, list) else []
    )
    return Submission(tuple(people), _moment(entry.get(":created_at")))


def _person(person: Mapping[Any, Any]) -> dict[str, str]:
    return {kind: str(person[f":{kind}"]).strip() for kind in ("name", "sid", "email") if person.get(f":{kind}")}


def _moment(value: object) -> datetime | None:
    return aware(value) if isinstance(value, datetime) else parse_date(str(value))


def _wrong(reason: str) -> UsageError:
    return UsageError(
        N_("{path} cannot be understood: {reason}."),
        N_("Export the submissions again; the file must be as Gradescope wrote it."),
        path=METADATA,
        reason=shown(reason),
    )
