"""results.json: what it says, and that it says it as its schema promises."""

from __future__ import annotations

import json

import jsonschema
import pytest
from hypothesis import given
from test_report_world import any_results, often

from checker.errors import UsageError
from checker.outcome import CheckResult, Message, Outcome, Results
from checker.report import load_results, results_json, schema
from checker.report.sample import sample

pytestmark = pytest.mark.filterwarnings("ignore:Generating overly large repr")  # of a failure; it would hide it


def test_schema_is_a_schema() -> None:
    """The published contract is valid JSON Schema 2020-12, and strict in every object."""
    jsonschema.Draft202012Validator.check_schema(schema())

    assert all(found.get("additionalProperties") is not None for found in objects(schema()))


@often
@given(any_results)
def test_any_results_keep_to_the_schema(results: Results) -> None:
    """Whatever a run leaves can be read by who knows the schema."""
    jsonschema.validate(json.loads(json.dumps(results_json(results))), schema())


@often
@given(any_results)
def test_what_is_written_can_be_read_back(results: Results) -> None:
    """Loading and writing again gives the same values."""
    written = results_json(results)

    assert results_json(load_results(written)) == written


def test_braces_in_a_message_are_read_back() -> None:
    """What was said may look like a format string, and is none."""
    said = Message("{text}", values={"text": "{{}}"})
    written = results_json(Results("01-a", 1, "", 0.0, [CheckResult("test_x", "01-a", {}, Outcome.FAILED, said)]))

    assert results_json(load_results(written))["checks"][0]["message"] == "{{}}"


def test_results_say_what_was_found() -> None:
    """The example of the course: counts, exit code, the failed assertion and the hang."""
    written = results_json(sample())
    failed = written["checks"][4]

    assert written["counts"] == {"passed": 4, "failed": 2, "blocked": 2, "broken": 1, "total": 9}
    assert (failed["outcome"], failed["assertion"], failed["wire"][1]["fault"]) == (
        "failed",
        "assert 504 == 200",
        "hangs",
    )


def test_passed_check_has_no_message() -> None:
    """Nothing is said, and nothing is next, once a check has passed."""
    passed = results_json(sample())["checks"][0]

    assert passed["message"] is None
    assert passed["next"] == ""


def test_claims_come_in_the_language_asked_for() -> None:
    """Chinese readers get Chinese claims."""
    written = results_json(sample(), "zh")

    assert written["lang"] == "zh"
    assert written["checks"][0]["claim"] == "订单会显示买家的昵称。"


def test_message_is_translated_and_filled_in() -> None:
    """A message is looked up by its id, and its values are put into the translation."""
    catalogue = {"{service} is down.": "{service} 已停止。"}
    check = CheckResult(
        "test_x", "01-a", {}, Outcome.FAILED, Message("{service} is down.", values={"service": "orders"})
    )

    written = results_json(Results("01-a", 1, "", 0.0, [check]), "zh", lambda message: catalogue.get(message, message))

    assert written["checks"][0]["message"] == "orders 已停止。"


@pytest.mark.parametrize(
    ("path", "value"),
    [("schema", "seamwork/results/v0"), ("exit_code", 3), ("surplus", 1), ("checks", [{}]), ("duration", "long")],
)
def test_other_data_is_refused(path: str, value: object) -> None:
    """What is no results.json of this version is named as such, with the place."""
    with pytest.raises(UsageError, match="These are no results of seamwork/results/v2"):
        load_results(results_json(sample()) | {path: value})


def objects(node: object) -> list[dict[str, object]]:
    """Return every part of a schema that describes an object."""
    if isinstance(node, list):
        return [found for part in node for found in objects(part)]
    if not isinstance(node, dict):
        return []
    return [node] * (node.get("type") == "object") + [found for part in node.values() for found in objects(part)]
