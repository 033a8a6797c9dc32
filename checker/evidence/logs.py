"""What somebody else's program wrote, made safe to show: no control characters, no colours, no endless lines."""

from __future__ import annotations

import re

__all__ = ["LINE", "clean_body", "clean_line"]

LINE = 8_192
"""Bytes kept of a log line."""

_ESCAPES = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # CSI: colours, cursor
    r"|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?"  # OSC, DCS, ...: titles, links
    r"|\x1b[ -/]*[0-~]?"  # everything shorter
)
_CONTROLS = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")
_CONTROLS_IN_BODIES = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def clean_line(raw: bytes) -> str:
    """Return a line as text that can be shown anywhere: at most ``LINE`` bytes of it, with "…" where it was cut.

    Escape sequences, control characters (but tabs) and those that turn the direction of text are taken out, the
    line end among them; bytes that are no UTF-8 become U+FFFD.
    """
    text = raw[:LINE].decode("utf-8", "replace")
    if len(raw.rstrip(b"\r\n")) > LINE:
        text = text.rstrip("\ufffd") + "…"
    return _CONTROLS.sub("", _ESCAPES.sub("", text))


def clean_body(raw: bytes, cap: int, *, encoding: str = "") -> str:
    """Return a body as text that can be shown anywhere: at most ``cap`` bytes of it, with "…" where it was cut.

    ``encoding`` is its Content-Encoding; what is packed is named, not shown.
    """
    if encoding and encoding.lower() != "identity":
        return f"({encoding[:20]}, {len(raw)} bytes)"
    text = raw[:cap].decode("utf-8", "replace")
    if len(raw) > cap:
        text = text.rstrip("\ufffd") + "…"
    return _CONTROLS_IN_BODIES.sub("", _ESCAPES.sub("", text))
