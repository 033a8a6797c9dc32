"""A reply as a check reads it: what is not there is the learner's failure, with the path to it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checker.errors import BadReply
from checker.evidence import Reply
from checker.evidence.asking import Ask
from checker.evidence.headers import Headers
from checker.evidence.strict_json import parse


def reply(body: str | bytes) -> Reply:
    content = body.encode() if isinstance(body, str) else body
    return Reply(200, Headers([]), content, 0.0, Ask("GET", "/orders/1", {}, b""), "127.0.0.1:1")


ORDER = '{"id": 7, "nickname": null, "lines": [{"sku": "A"}], "address": {"city": "Ulm"}}'


def test_json_is_plain_values() -> None:
    """Fields compare as what they are."""
    order = reply(ORDER)

    assert (order["id"], order["nickname"], order["lines"]) == (7, None, [{"sku": "A"}])
    assert order.json == {"id": 7, "nickname": None, "lines": [{"sku": "A"}], "address": {"city": "Ulm"}}
    assert (order["lines", 0, "sku"], order["address"]["city"], "id" in order, "x" in order) == (
        "A",
        "Ulm",
        True,
        False,
    )


@pytest.mark.parametrize(
    ("look", "message"),
    [
        (lambda r: r["name"], "reply has no field 'name'; it has: id, nickname, lines, address"),
        (lambda r: r["address"]["street"], "reply field address has no field 'street'; it has: city"),
        (lambda r: r["lines"][1], r"reply field lines has no item 1; it has 1"),
        (lambda r: r["lines"]["sku"], "reply field lines is a list, so it has no field 'sku'"),
        (lambda r: r["lines"][0]["price"], r"reply field lines\[0\] has no field 'price'"),
        (lambda r: r.json["lines"][0]["price"], r"reply field lines\[0\] has no field 'price'"),
        (lambda r: r["nickname", "first"], "reply field nickname is null, so it has no 'first'"),
        (lambda r: r["id", 0], "reply field id is a number, so it has no 0"),
        (lambda r: r[0], "reply is an object, so it has no 0"),
        (list, "The reply to GET /orders/1 is an object, where a list is due"),
    ],
)
def test_what_is_missing_is_named(look: Any, message: str) -> None:
    """The path to it, and what is there instead."""
    with pytest.raises(BadReply, match=message):
        look(reply(ORDER))


@pytest.mark.parametrize(
    "body",
    [
        "",
        "nope",
        "[1,]",
        "{'a': 1}",
        "NaN",
        "[Infinity]",
        "1e999",
        '{"a": 1, "a": 2}',
        "9" * 5000,
        "0." + "1" * 5000,
        "[" * 100 + "]" * 100,
        '{"a":' * 100_000,
        "[" * 100_000,
        "\ufeff{}",
        b"\xff\xfe",
        b'"\xed\xa0\x80"',
    ],
)
def test_json_is_read_strictly(body: str | bytes) -> None:
    """What the standard does not know, and what would break a reader, is the learner's failure."""
    with pytest.raises(BadReply, match="The reply to GET /orders/1 is not"):
        _ = reply(body).json


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers(-(10**15), 10**15)
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.text(),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
        max_leaves=20,
    )
)
def test_any_json_is_read_as_it_is(value: Any) -> None:
    """What goes in comes out, with the same types."""
    import json  # noqa: PLC0415

    assert json.dumps(parse(json.dumps(value))) == json.dumps(value)
