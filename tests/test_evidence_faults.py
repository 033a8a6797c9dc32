"""Each fault of the proxy, as two different callers meet it and as the ledger has it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from evidence_world import by_http_client, by_httpx, world

from checker.errors import Blocked
from checker.wait import until

BOTH = pytest.mark.parametrize("ask", [by_httpx, by_http_client])
Ask = Callable[..., Any]


@BOTH
def test_hanging_lets_callers_wait(ask: Ask) -> None:
    """A caller waits until its own deadline, and the request is in the ledger while it waits."""
    with world() as w:
        fault = w.proxy.hangs()

        assert w.ask(ask, timeout=0.2) in ("ReadTimeout", "TimeoutError")
        assert [(e.request, e.fault, e.status) for e in w.ledger.exchanges()] == [("GET /users/7", "hangs", None)]
        assert (fault.what, fault.met, w.server.connections) == ("hangs", 1, 0)


@BOTH
def test_healing_frees_who_hangs(ask: Ask) -> None:
    """Who hangs is cut off when it heals, at once."""
    with world() as w, ThreadPoolExecutor(5) as pool:
        fault = w.proxy.hangs()
        waiting = [pool.submit(w.ask, ask, timeout=20) for _ in range(5)]
        until(lambda: fault.met == 5, within=5)

        began = time.monotonic()
        w.proxy.heals()

        assert {job.result() for job in waiting} <= {"RemoteProtocolError", "RemoteDisconnected"}
        assert time.monotonic() - began < 2


@BOTH
def test_healed_is_as_before(ask: Ask) -> None:
    """After it heals the next request is answered."""
    with world() as w:
        w.proxy.resets()
        w.ask(ask)
        w.proxy.heals()

        assert w.ask(ask) == 200
        assert [fault.what for fault in w.ledger.faults()] == ["resets", "healed"]


@BOTH
def test_resetting_is_a_reset(ask: Ask) -> None:
    """The caller gets a RST, not an end; the callee gets nothing."""
    with world() as w:
        fault = w.proxy.resets()

        assert w.ask(ask) in ("ReadError", "ConnectionResetError")
        assert (fault.met, w.server.connections) == (1, 0)


@BOTH
def test_delaying_is_late_and_whole(ask: Ask) -> None:
    """A delayed request is answered, later."""
    with world() as w:
        w.proxy.delays(0.15)

        assert w.ask(ask) == 200
        assert w.proxy.calls[0].seconds == pytest.approx(0.15, abs=0.14)
        assert w.proxy.calls[0].fault == "delays 0.15 s"


@BOTH
def test_answering_asks_nobody(ask: Ask) -> None:
    """The status asked for comes back as a problem, and the callee hears nothing."""
    with world() as w:
        w.proxy.answers(503)

        assert w.ask(ask) == 503
        assert (w.proxy.calls[0].status, w.server.connections) == (503, 0)
        assert '"title": "Service Unavailable"' in w.proxy.calls[0].received


@BOTH
def test_answering_keeps_the_connection(ask: Ask) -> None:
    """HEAD, POST and GET are answered one after the other."""
    with world() as w:
        w.proxy.answers(200, {"ok": True}, {"x-from": "us"})

        assert [w.ask(ask, method=method) for method in ("HEAD", "POST", "GET")] == [200] * 3
        assert [e.request for e in w.proxy.calls] == ["HEAD /users/7", "POST /users/7", "GET /users/7"]


@BOTH
def test_dropping_the_answer_lets_the_work_be_done(ask: Ask) -> None:
    """The callee has answered; the caller gets nothing."""
    with world() as w:
        fault = w.proxy.drops_the_answer()

        assert w.ask(ask) in ("RemoteProtocolError", "RemoteDisconnected")
        assert (fault.met, w.server.connections) == (1, 1)
        assert (w.proxy.calls[0].status, w.proxy.calls[0].note) == (None, "answered 200, and the answer was dropped")


@BOTH
def test_half_a_body_is_noticed(ask: Ask) -> None:
    """The head is whole, the body ends in the middle."""
    with world() as w:
        w.proxy.sends_half_a_body()

        assert w.ask(ask) in ("RemoteProtocolError", "IncompleteRead")
        assert (w.proxy.calls[0].status, w.proxy.calls[0].received) == (200, '{"id":')


@BOTH
def test_garbage_is_no_http(ask: Ask) -> None:
    """What comes back is not HTTP, by any client's reading."""
    with world() as w:
        w.proxy.sends_garbage()

        assert w.ask(ask) in ("RemoteProtocolError", "BadStatusLine")
        assert "not what was asked for" in w.proxy.calls[0].received


@BOTH
def test_raw_bytes_are_sent_as_they_are(ask: Ask) -> None:
    """A check author can say anything at all."""
    with world() as w:
        w.proxy.answers_raw(b"HTTP/1.1 299 Odd\r\nContent-Length: 0\r\n\r\n")

        assert w.ask(ask) == 299


@BOTH
def test_refusing_is_refused_by_the_system(ask: Ask) -> None:
    """Nobody listens while it refuses; afterwards it is the same port."""
    with world() as w:
        port = w.proxy.port
        w.proxy.refuses()

        assert w.ask(ask) in ("ConnectError", "ConnectionRefusedError")
        w.proxy.heals()
        assert (w.ask(ask), w.proxy.port) == (200, port)


def test_refusing_cuts_who_is_connected() -> None:
    """A connection that was kept alive is gone as well."""
    with world() as w, ThreadPoolExecutor() as pool:
        hang = w.proxy.hangs()
        waiting = pool.submit(w.ask, by_http_client)
        until(lambda: hang.met, within=5)

        fault = w.proxy.refuses()

        assert waiting.result() == "ConnectionResetError"
        assert (fault.met, fault.unmet) == (1, False)


@BOTH
def test_only_the_kth_call_is_met(ask: Ask) -> None:
    """The second call from now fails, its neighbours do not."""
    with world() as w:
        w.ask(ask)
        fault = w.proxy.answers(503, only=2)

        assert [w.ask(ask) for _ in range(4)] == [200, 503, 200, 200]
        assert fault.met == 1


def test_calls_names_several() -> None:
    """More than one call can be named."""
    with world() as w:
        w.proxy.resets(calls={1, 3})

        assert [w.ask(by_http_client) for _ in range(4)] == ["ConnectionResetError", 200, "ConnectionResetError", 200]


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ("GET", [503, 200, 503]),
        ("/users", [503, 503, 200]),
        ("GET /users/", [503, 200, 200]),
        ("/none", [200, 200, 200]),
    ],
)
def test_when_chooses_requests(when: str, expected: list[int]) -> None:
    """A method, the start of a target, or both say which requests are meant."""
    with world() as w:
        fault = w.proxy.answers(503, when=when)

        asked = [("GET", "/users/7"), ("POST", "/users/7"), ("GET", "/orders/1")]
        assert [w.ask(by_http_client, path, method=method) for method, path in asked] == expected
        assert fault.unmet == (503 not in expected)


def test_the_newest_fault_counts() -> None:
    """Of two faults that are due, the one switched on last acts; ended alone, the other is back."""
    with world() as w:
        w.proxy.answers(500)
        newer = w.proxy.answers(503)

        assert w.ask(by_http_client) == 503
        newer.end()
        newer.end()
        assert w.ask(by_http_client) == 500


def test_hold_waits_for_the_second() -> None:
    """The first request reaches the callee only once the second has arrived."""
    with world() as w, ThreadPoolExecutor() as pool:
        hold = w.proxy.hold(2)
        first = pool.submit(w.ask, by_http_client)
        hold.waits_for(1, within=5)
        before = w.server.connections

        assert (w.ask(by_http_client), first.result(), before) == (200, 200, 0)
        assert hold.met == 2


def test_hold_waits_for_release() -> None:
    """Held requests go on when they are released."""
    with world() as w, ThreadPoolExecutor() as pool:
        hold = w.proxy.hold()
        asked = [pool.submit(w.ask, by_httpx) for _ in range(3)]
        hold.waits_for(3, within=5)
        hold.release()

        assert [job.result() for job in asked] == [200] * 3


def test_hold_says_who_did_not_come() -> None:
    """A hold that nobody meets shows nothing, and says so with the numbers."""
    with world() as w, pytest.raises(Blocked, match="2 requests were to be held, and 0 arrived"):
        w.proxy.hold().waits_for(2, within=0.01)


def test_a_caller_who_gives_up_on_a_delay_is_noted() -> None:
    """The delayed request of a caller that has left goes nowhere."""
    with world() as w:
        w.proxy.delays(30)
        w.ask(by_http_client, timeout=0.05)

        assert until(lambda: [e.note for e in w.ledger.exchanges()], within=5) == ["the caller left"]
        assert w.server.connections == 0


def test_faults_leave_no_thread_and_no_socket() -> None:
    """After all of them, with callers still waiting, nothing is left open."""
    import psutil  # noqa: PLC0415

    before = (psutil.Process().num_fds(), threading.active_count())
    with world() as w, ThreadPoolExecutor(8) as pool:
        hang = w.proxy.hangs(when="/hang")
        for _ in range(4):
            pool.submit(w.ask, by_http_client, "/hang")
        until(lambda: hang.met == 4, within=5)
        for fault in (w.proxy.resets, w.proxy.drops_the_answer, w.proxy.sends_half_a_body, w.proxy.refuses):
            fault()
            w.ask(by_http_client, "/x")

    assert until(lambda: (psutil.Process().num_fds(), threading.active_count()) == before, within=5)
