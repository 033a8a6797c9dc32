"""SCRAM-SHA-256 verifiers, so that a password itself never travels, nor stands in a server's log.

The form is PostgreSQL's (its manual, chapter on pg_authid); the arithmetic is RFC 5803's.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os

__all__ = ["verifier"]

ITERATIONS = 64
"""Few: a random password of 128 bits needs no stretching, and each connection pays for each round (4,096 take 5 to 13 ms).

Drivers that insist on RFC 7677's 4,096 (JDBC's does) would need that many.
"""


def verifier(password: str) -> str:
    """Return what PostgreSQL keeps of an ASCII ``password``: ``SCRAM-SHA-256$rounds:salt$stored:server``."""
    salt = os.urandom(16)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, ITERATIONS)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    return f"SCRAM-SHA-256${ITERATIONS}:{_text(salt)}${_text(stored)}:{_text(server)}"


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
