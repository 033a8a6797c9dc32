"""The other team's service, as it is scripted."""

from __future__ import annotations

import contextlib
import socket
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from evidence_world import by_http_client, by_httpx, talk_raw

from checker.errors import EngineFault
from checker.evidence import Answer, Asked, Client, Loop, StandIn, in_turn
from checker.ledger import Ledger

if TYPE_CHECKING:
    from collections.abc import Iterator

CONTRACT: dict[str, Any] = {
    "paths": {
        "/users/{uid}": {
            "get": {"responses": {"200": {"content": {"application/json": {"example": {"id": 7, "nickname": "ada"}}}}}},
            "delete": {"responses": {"204": {"description": "gone"}}},
        },
        "/users": {"post": {"responses": {201: {"$ref": "#/components/responses/User"}}}},
    },
    "components": {
        "responses": {"User": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/User"}}}}},
        "schemas": {
            "User": {
                "type": "object",
                "properties": {
                    "id": {"type": "integer", "minimum": 1},
                    "nickname": {"anyOf": [{"type": "string"}, {"type": "null"}]},
                    "tags": {"type": "array", "items": {"enum": ["new", "old"]}},
                    "friend": {"$ref": "#/components/schemas/User"},
                },
            }
        },
    },
}


@contextlib.contextmanager
def users(**more: Any) -> Iterator[tuple[StandIn, Client]]:
    with Loop() as loop, StandIn(loop, Ledger(), "users", **more) as standin, Client(Ledger(), standin.url) as client:
        yield standin, client


def test_it_is_healthy_and_knows_nothing_else() -> None:
    """Readiness is there from the start; the rest is a problem 404, or 405 for another method."""
    with users() as (_, client):
        assert client.get("/health").json == {"status": "ok"}
        assert (client.post("/health").status_code, client.get("/x").status_code) == (405, 404)
        assert client.get("/x").headers["Content-Type"] == "application/problem+json"


def test_json_is_answered_as_it_stands() -> None:
    """A list, an object, a status beside it, or a whole answer."""
    with users() as (standin, client):
        standin.on("GET", "/users", [1, 2])
        standin.on("POST", "/users", {"id": 7}, status=201)
        standin.on("DELETE", "/users/7", (409, {"detail": "no"}))
        standin.on("PUT", "/users/7", Answer.of(418, "teapot", {"X-Tea": "green"}))

        assert client.get("/users").json == [1, 2]
        assert [client.post("/users").status_code, client.delete("/users/7").status_code] == [201, 409]
        assert client.put("/users/7").headers["x-tea"] == "green"


def test_a_script_sees_what_was_asked() -> None:
    """Path, query, headers and body, decoded."""

    def script(asked: Asked) -> dict[str, Any]:
        return {
            "path": asked.path["uid"],
            "id": asked.query["id"],
            "name": asked.json["name"],
            "x": asked.headers["X-A"],
        }

    with users() as (standin, client):
        standin.on("POST", "/users/{uid}/x", script)
        reply = client.post("/users/a%20b/x", params={"id": [1, 2]}, json={"name": "ada"}, headers={"x-a": "y"})

        assert reply.json == {"path": "a b", "id": ["1", "2"], "name": "ada", "x": "y"}


@pytest.mark.parametrize(("path", "body"), [("/x", b"{}"), ("/x?id=1", b"{}"), ("/x?id=1", b"no json")])
def test_what_the_caller_left_out_is_422(path: str, body: bytes) -> None:
    """A script need not guard itself: a missing parameter or field is the caller's mistake."""
    with users() as (standin, client):
        standin.on("POST", "/x", lambda asked: [asked.query["id"], asked.json["name"]])

        assert client.post(path, content=body).status_code == 422
        assert standin.error is None


def test_a_script_that_knows_no_such_thing_is_404() -> None:
    """A dictionary is a fine script."""
    known = {"7": {"nickname": "ada"}}
    with users() as (standin, client):
        standin.on("GET", "/users/{uid}", lambda asked: known[asked.path["uid"]])

        assert (client.get("/users/7")["nickname"], client.get("/users/8").status_code) == ("ada", 404)


def test_a_script_that_breaks_is_our_fault() -> None:
    """The caller gets 500, and the stand-in says what went wrong, for the check to be called broken."""
    with users() as (standin, client):
        standin.on("GET", "/x", lambda _: 1 // 0)

        assert client.get("/x").status_code == 500
        assert isinstance(standin.error, EngineFault)
        assert "could not answer GET /x: ZeroDivisionError" in str(standin.error)


def test_answers_come_in_turn() -> None:
    """The last one goes on for ever."""
    with users() as (standin, client):
        standin.on("GET", "/x", in_turn((503, {}), {"n": 2}))

        assert [client.get("/x").status_code for _ in range(3)] == [503, 200, 200]


def test_the_literal_path_and_the_newest_script_count() -> None:
    """/users/me is not a user with the id "me"; what is scripted again is scripted anew."""
    with users() as (standin, client):
        standin.on("GET", "/users/me", "old")
        standin.on("GET", "/users/me", "me")
        standin.on("GET", "/users/{uid}", "someone")

        assert (client.get("/users/me").text, client.get("/users/7").text) == ("me", "someone")


def test_its_exchanges_bear_the_callers_name() -> None:
    """With a caller it notes them; behind a proxy it leaves that to the proxy."""
    with users(caller="orders") as (standin, client):
        client.post("/x", json={"a": 1})

        [seen] = standin.ledger.exchanges(caller="orders", callee="users")
        assert (seen.request, seen.status, seen.sent) == ("POST /x", 404, '{"a": 1}')
    with users() as (standin, client):
        client.get("/x")
        assert (len(standin.calls), standin.ledger.exchanges()) == (1, [])


@pytest.mark.parametrize("ask", [by_httpx, by_http_client])
def test_it_has_every_fault_of_an_edge(ask: Any) -> None:
    """What a proxy does to a real service, a stand-in does by itself."""
    faults = [
        ("resets", "ConnectionResetError ReadError"),
        ("drops_the_answer", "RemoteDisconnected RemoteProtocolError"),
        ("sends_half_a_body", "IncompleteRead RemoteProtocolError"),
        ("sends_garbage", "BadStatusLine RemoteProtocolError"),
        ("refuses", "ConnectionRefusedError ConnectError"),
    ]
    with users() as (standin, _):
        for name, errors in faults:
            getattr(standin, name)()
            assert ask(standin.port, "/health") in errors.split()
            standin.heals()
        standin.hangs(only=1)
        assert ask(standin.port, "/health", timeout=0.1) in ("ReadTimeout", "TimeoutError")
        assert ask(standin.port, "/health") == 200


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"GET /health HTTP/1.0\r\n\r\n", b"200"),
        (b"HEAD /health HTTP/1.1\r\nConnection: close\r\n\r\n", b"200"),
        (b"POST /x HTTP/1.1\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n0\r\n\r\n", b"404"),
        (b"\x16\x03\x01", b"400"),
        (b"GET /health HTTP/1.1\r\nbroken line\r\nConnection: close\r\n\r\n", b"400"),
    ],
)
def test_it_is_a_plain_http_server(raw: bytes, status: bytes) -> None:
    """Old, odd and broken requests get an answer and a closed connection."""
    with users() as (standin, _):
        assert talk_raw(standin.port, raw).split(b" ")[1] == status
        assert standin.error is None


def test_a_body_that_waits_is_invited() -> None:
    """Expect: 100-continue is answered."""
    with users() as (standin, _):
        standin.on("POST", "/x", lambda asked: asked.json)
        raw = b"POST /x HTTP/1.1\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Length: 7\r\n\r\n"

        with socket.create_connection(("127.0.0.1", standin.port), timeout=5) as sock:
            sock.sendall(raw)
            assert sock.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
            sock.sendall(b'{"a":1}')
            assert sock.recv(1000).endswith(b'{"a": 1}')


def test_many_ask_at_once() -> None:
    """Fifty callers are fifty calls."""
    with users() as (standin, _), ThreadPoolExecutor(50) as pool:
        assert set(pool.map(lambda _: by_http_client(standin.port, "/health"), range(50))) == {200}
        assert len(standin.calls) == 50


def test_a_contract_is_enough_of_a_script() -> None:
    """Examples, or what the schemas allow; overridden where the check cares."""
    with Loop() as loop:
        paths = ["/users/{uid}", "POST /users"]
        answers = {"GET /users/{uid}": lambda asked: {"id": int(asked.path["uid"])}}
        plain = StandIn.from_contract(loop, Ledger(), "users", openapi=CONTRACT, paths=paths)
        other = StandIn.from_contract(loop, Ledger(), "users", openapi=CONTRACT, paths=paths, answers=answers)
        with plain, other, Client(Ledger(), plain.url) as client, Client(Ledger(), other.url) as second:
            made = client.post("/users", json={})

            assert client.get("/users/9").json == {"id": 7, "nickname": "ada"}
            assert (made.status_code, made["id"], made["nickname"], made["tags"]) == (201, 1, "text", ["new"])
            assert (client.delete("/users/9").status_code, second.get("/users/9")["id"]) == (204, 9)


def test_a_contract_without_the_path_is_our_fault() -> None:
    """The operation is named."""
    with Loop() as loop, pytest.raises(EngineFault, match="no operation 'GET /nowhere'"):
        StandIn.from_contract(loop, Ledger(), "users", openapi=CONTRACT, paths=["GET /nowhere"])
