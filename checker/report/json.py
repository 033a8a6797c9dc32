"""Results as plain JSON values, and back; ``results.schema.json`` beside this file is the contract."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from checker.errors import N_, UsageError
from checker.ledger import Exchange, Fault
from checker.outcome import SCHEMA, BlockedBy, CheckResult, Message, Outcome, Results
from checker.report.clean import block, line
from checker.report.words import Translate, Voice, identity

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["load_check", "load_results", "results_json", "schema"]

_DIGITS = 6


@cache
def schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) that :func:`results_json` keeps to."""
    found: dict[str, Any] = json.loads(Path(__file__).with_name("results.schema.json").read_text("utf-8"))
    return found


def results_json(results: Results, lang: str = "en", translate: Translate = identity) -> dict[str, Any]:
    """Return results as JSON values, said in one language; times in seconds, strings free of control characters."""
    voice = Voice(lang, translate)
    return {
        "schema": results.schema,
        "lang": lang,
        "lab": line(results.lab),
        "seed": results.seed,
        "started": line(results.started),
        "duration": _seconds(results.duration),
        "workspace": line(results.workspace),
        "environment": {line(key): line(value) for key, value in results.environment.items()},
        "counts": {outcome.value: results.count(outcome) for outcome in Outcome} | {"total": len(results.checks)},
        "exit_code": results.exit_code,
        "checks": [_check(check, voice) for check in results.checks],
    }


def load_results(data: Mapping[str, Any]) -> Results:
    """Return the results that :func:`results_json` wrote; texts have the one language they were said in.

    Raises UsageError when ``data`` does not keep to the schema.
    """
    _validate(data)
    return Results(
        lab=data["lab"],
        seed=data["seed"],
        started=data["started"],
        duration=data["duration"],
        workspace=data["workspace"],
        environment=data["environment"],
        checks=[load_check(check, data["lang"]) for check in data["checks"]],
    )


def _check(check: CheckResult, voice: Voice) -> dict[str, Any]:
    return {
        "name": line(check.name),
        "lab": line(check.lab),
        "claim": voice.pick(check.claim),
        "outcome": check.outcome.value,
        "blocked_by": check.blocked_by and check.blocked_by.value,
        "message": voice.message(check.message) if check.message else None,
        "assertion": block(check.assertion),
        "expression": block(check.expression),
        "wire": [_exchange(exchange) for exchange in check.wire],
        "faults": [{"callee": line(f.callee), "what": line(f.what), "at": _seconds(f.at)} for f in check.faults],
        "logs": {line(name): [line(text) for text in lines] for name, lines in check.logs.items()},
        "why": voice.pick(check.why),
        "read": line(check.read),
        "place": voice.pick(check.place),
        "again": block(check.again),
        "next": voice.next_move(check),
        "seconds": _seconds(check.seconds),
        "points": check.points,
        "detail": block(check.detail, 65_536),
    }


def _exchange(exchange: Exchange) -> dict[str, Any]:
    return {
        "caller": line(exchange.caller),
        "callee": line(exchange.callee),
        "request": line(exchange.request),
        "at": _seconds(exchange.at),
        "status": exchange.status,
        "seconds": None if exchange.seconds is None else _seconds(exchange.seconds),
        "fault": None if exchange.fault is None else line(exchange.fault),
        "note": line(exchange.note),
        "sent": block(exchange.sent),
        "received": block(exchange.received),
    }


def load_check(data: Mapping[str, Any], lang: str) -> CheckResult:
    """Return one check of results that are known to keep to the schema; its texts are in ``lang``."""
    same = ("name", "lab", "assertion", "expression", "logs", "read", "again", "seconds", "points", "detail")
    return CheckResult(
        **{key: data[key] for key in same},
        claim={lang: data["claim"]},
        outcome=Outcome(data["outcome"]),
        blocked_by=data["blocked_by"] and BlockedBy(data["blocked_by"]),
        message=_load_message(data),
        wire=[Exchange(**exchange, check=data["name"]) for exchange in data["wire"]],
        faults=[Fault(**fault, check=data["name"]) for fault in data["faults"]],
        why={lang: data["why"]},
        place={lang: data.get("place", "")},
    )


def _load_message(data: Mapping[str, Any]) -> Message | None:
    if data["message"] is None:
        return None
    return Message("{said}", "{next}", {"said": data["message"], "next": data["next"]})


def _validate(data: Mapping[str, Any]) -> None:
    import jsonschema  # noqa: PLC0415  (slow to import, and only readers need it)

    try:
        jsonschema.validate(data, schema(), cls=jsonschema.Draft202012Validator)
    except jsonschema.ValidationError as wrong:
        raise UsageError(
            N_("These are no results of {schema}: at {place}, {why}."),
            N_("Give a results.json that this version of seamwork wrote."),
            schema=SCHEMA,
            place=wrong.json_path,
            why=line(wrong.message, 300),
        ) from None


def _seconds(value: float) -> float:
    return round(value, _DIGITS)
