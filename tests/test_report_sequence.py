"""The sequence diagram: who spoke to whom, in which order, and what broke."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from checker.ledger import Exchange
from checker.report.sequence import MOST, sequence
from checker.report.words import Voice


def drawn(*wire: Exchange) -> ET.Element:
    """Return the diagram of some exchanges as a tree."""
    return ET.fromstring(str(sequence(wire, Voice())))  # noqa: S314  (our own output)


def texts(tree: ET.Element, name: str) -> list[str]:
    """Return the texts of a class, from top to bottom."""
    return [element.text or "" for element in tree.iter("text") if name in element.get("class", "").split()]


def test_messages_stand_in_the_order_they_were_sent() -> None:
    """An answer comes after all that was asked meanwhile, though the ledger notes what ended first."""
    tree = drawn(
        Exchange("orders", "users", "GET /users/7", 0.02, 200, 0.01),
        Exchange("you", "orders", "GET /orders/1", 0.01, 200, 0.05),
    )

    assert texts(tree, "sw-name") == ["you", "orders", "users"]
    assert texts(tree, "sw-label") == ["GET /orders/1", "GET /users/7", "200 · 10 ms", "200 · 50 ms"]


def test_hang_is_an_arrow_that_broke() -> None:
    """A request that we held up never arrives, and says whose doing it was."""
    tree = drawn(Exchange("orders", "users", "GET /users/7", 0.0, fault="hangs"))

    assert texts(tree, "sw-under") == ["hangs (by us)"]
    assert len([e for e in tree.iter("path") if e.get("class") == "sw-cross"]) == 1


def test_dropped_answer_breaks_on_the_way_back() -> None:
    """The request arrived; it is the answer that did not."""
    tree = drawn(Exchange("you", "orders", "POST /orders", 0.0, fault="drops the answer"))

    assert [g.get("class") for g in tree.iter("g")] == ["sw-ask sw-tone-calm", "sw-answer sw-tone-fault"]


def test_lost_answer_comes_after_what_was_asked_meanwhile() -> None:
    """An answer without a time stands below the calls that were made for it."""
    tree = drawn(
        Exchange("you", "orders", "POST /orders", 0.0, fault="drops the answer"),
        Exchange("orders", "users", "GET /users/7", 0.1, 200, 0.2),
    )

    assert texts(tree, "sw-label")[-1] == "drops the answer (by us)"


def test_answered_fault_says_status_and_whose_it_was() -> None:
    """A status that we made up is marked as ours."""
    tree = drawn(Exchange("orders", "users", "GET /users/7", 0.0, 503, 0.002, "answers 503"))

    assert texts(tree, "sw-label") == ["GET /users/7", "503 · 2 ms"]
    assert texts(tree, "sw-under") == ["answers 503 (by us)"]


def test_more_than_thirty_messages_are_folded() -> None:
    """A long run shows how it began and how it ended."""
    tree = drawn(*(Exchange("you", "orders", f"GET /orders/{n}", n, 200, 0.1) for n in range(40)))

    assert len(texts(tree, "sw-label")) == MOST
    assert texts(tree, "sw-more") == ["… 50 more messages in the table"]


def test_service_that_calls_itself_is_a_loop() -> None:
    """A call to oneself leads back to the same lifeline."""
    tree = drawn(Exchange("orders", "orders", "GET /health", 0.0, 200, 0.001))

    assert texts(tree, "sw-name") == ["orders"]
    assert len([e for e in tree.iter("path") if e.get("class") == "sw-line"]) == 2


def test_plain_connection_is_one_arrow() -> None:
    """A TCP connection has no status, and that is no fault."""
    tree = drawn(Exchange("orders", "database", "connection", 0.0, None, 0.3))

    assert [g.get("class") for g in tree.iter("g")] == ["sw-ask sw-tone-calm"]


def test_labels_have_room_between_lifelines() -> None:
    """Lifelines stand as far apart as the longest label between them needs."""
    tree = drawn(Exchange("you", "orders", "GET /orders?user_id=7&limit=100", 0.0, 200, 0.1))
    xs = [float(e.get("x1", "0")) for e in tree.iter("line") if e.get("class") == "sw-life"]

    assert xs[1] - xs[0] > 31 * 7.2
