"""The notebook's own pieces of HTML, in the report's manner: escaped, with their own colours, and no script."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from markupsafe import Markup

from checker.errors import N_
from checker.report.clean import line
from checker.report.markup import Child, elements, tag
from checker.report.page import language_tag, style
from checker.report.sequence import sequence
from checker.session.up_rows import NULL, said_below
from checker.session.up_stream_rows import streams_told
from checker.session.up_text import body_of, crowd_told, fault_words, outcome_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from checker.ledger import Exchange
    from checker.report.words import Voice
    from checker.session.hints import Hint
    from checker.session.solution import Solution
    from checker.session.up_state import Answered, Rows, ServiceNow, State
    from checker.session.up_stream_rows import Told
    from checker.session.up_streams import Look, Stream

__all__ = ["answered", "crowd", "hinted", "listed", "progress", "solved", "stated", "streamed", "troubled"]

_SHOWN = 400
"""Lines of a body."""


def stated(state: State, headline: str, voice: Voice) -> str:
    """Return what is up, as a table of names and links."""
    rows = [_service(service, voice) for service in state.services]
    beside = voice.say(N_("beside them: {helpers}"), helpers=", ".join(state.helpers)) if state.helpers else None
    faults = [tag("li", fault_words(fault, voice)) for fault in state.faults]
    return _box(
        voice,
        tag("p", tag("strong", headline), cls="sw-headline"),
        tag("table", tag("tbody", *rows), cls="sw-services"),
        tag("p", beside, cls="sw-dim") if beside else None,
        tag("ul", *faults, cls="sw-faults-on") if faults else None,
    )


def answered(answer: Answered, voice: Voice) -> str:
    """Return a reply: status, body, and who asked whom meanwhile, drawn."""
    tone, said = outcome_of(answer, voice)
    asked = tag("code", line(f"{answer.service}  {answer.asked}", 300))
    lines = body_of(answer).splitlines()
    shown = "\n".join([*lines[:_SHOWN], *(["…"] if len(lines) > _SHOWN else [])])
    return _box(
        voice,
        tag("p", asked, cls="sw-headline"),
        tag("p", said, cls=f"sw-status sw-status-{tone or 'good'}"),
        tag("pre", tag("code", shown), cls="sw-log", tabindex=0) if shown else None,
        _wire(answer.wire, voice),
        tag("p", voice.say(N_("again")), " ", tag("code", answer.again, cls="sw-command"), cls="sw-dim"),
    )


def crowd(asked: str, answers: Sequence[Answered], voice: Voice) -> str:
    """Return what came of a request that was sent several times at once."""
    told = [tag("p", text, cls=f"sw-status sw-status-{tone or 'good'}") for tone, text in crowd_told(answers, voice)]
    return _box(voice, tag("p", tag("code", line(asked, 300)), cls="sw-headline"), *told)


def listed(rows: Rows, voice: Voice) -> str:
    """Return what SQL came to: its rows as a table, and how many there are."""
    tone = "sw-dim" if rows.columns else "sw-headline"
    return _box(voice, _table(rows), *(tag("p", text, cls=tone) for text in said_below(rows, voice)))


def streamed(found: Look | Sequence[Stream], voice: Voice) -> str:
    """Return which streams there are, or what is in one of them, in tables."""
    return _box(voice, *(piece for told in streams_told(found, voice) for piece in _told(told)))


def hinted(hint: Hint, claim: str, then: str, voice: Voice) -> str:
    """Return a hint, below the claim it is about."""
    step = voice.say(N_("Hint {step} of 3"), step=hint.step)
    return _box(
        voice,
        tag("p", claim, cls="sw-headline"),
        tag("p", tag("strong", step), " · ", *_with_code(hint.words)),
        tag("p", then, cls="sw-dim") if then else None,
    )


def solved(solution: Solution, voice: Voice) -> str:
    """Return our solution: why it is so, and each file's change, folded."""
    why = tag("div", *(_paragraph(text) for text in solution.why.split("\n\n") if text.strip()), cls="sw-why")
    return _box(voice, why, *(_file(part) for part in _files(solution.diff)))


def troubled(words: str, voice: Voice) -> str:
    """Return a sentence about what went wrong, in a box with a red border; its next move is on a line of its own."""
    first, *rest = words.split("\n")
    return _box(
        voice,
        tag("p", *_with_code(first)),
        *(tag("p", *_with_code(text)) for text in rest),
        cls="sw-trouble",
        role="alert",
    )


def progress(words: str, voice: Voice) -> str:
    """Return a line that will be replaced."""
    return _box(voice, tag("p", words, cls="sw-dim", aria_live="polite"))


def _box(voice: Voice, *children: Child, cls: str = "", role: str | None = None) -> str:
    name = f"sw sw-notebook {cls}".strip()
    return str(tag("div", style("pieces"), _style(), *children, cls=name, role=role, lang=language_tag(voice.lang)))


@cache
def _style() -> Markup:
    return tag("style", Markup(Path(__file__).with_name("notebook.css").read_text("utf-8")))  # noqa: S704  (a file of ours)


def _service(service: ServiceNow, voice: Voice) -> Markup:
    name = tag("th", line(service.name, 60), scope="row")
    if service.trouble is None:
        return tag("tr", name, tag("td", tag("a", service.url, href=service.url, target="_blank", rel="noopener")))
    said = [voice.message(service.trouble), voice.say(service.trouble.move, **service.trouble.values)]
    return tag("tr", name, tag("td", " ".join(text for text in said if text), cls="sw-status-bad"))


def _told(told: Told) -> Iterable[Child]:
    yield tag("p", tag("strong", told.title), cls="sw-headline") if told.title else None
    yield _table(told.rows) if told.rows else None
    yield tag("p", told.below, cls="sw-dim") if told.below else None


def _table(rows: Rows) -> Markup | None:
    if not rows.columns:
        return None
    heads = tag("thead", tag("tr", *(tag("th", line(name, 60), scope="col") for name in rows.columns)))
    body = tag("tbody", *(tag("tr", *map(_value, row, rows.numbers)) for row in rows.rows))
    return tag("div", tag("table", heads, body, cls="sw-rows"), cls="sw-scroll", tabindex=0)


def _value(value: str | None, is_number: bool) -> Markup:
    shown = tag("em", NULL, cls="sw-dim") if value is None else value
    return tag("td", shown, cls="sw-number" if is_number else None)


def _wire(wire: Sequence[Exchange], voice: Voice) -> Markup | None:
    if not wire:
        return None
    label = voice.say(N_("On the wire"))
    drawn = tag("div", sequence(wire, voice), cls="sw-scroll", tabindex=0, role="group", aria_label=label)
    return tag("figure", tag("figcaption", label, cls="sw-label-of"), drawn, cls="sw-wire")


def _with_code(text: str) -> Iterable[Child]:
    """Put what stands between backticks into <code>."""
    for number, part in enumerate(text.split("`")):
        yield tag("code", part) if number % 2 else part


def _paragraph(text: str) -> Markup:
    stripped = text.strip()
    if stripped.startswith("#"):
        return tag("p", tag("strong", stripped.lstrip("# ")))
    return tag("p", *_with_code(stripped.replace("**", "")))


def _files(diff: str) -> list[str]:
    parts = [part for part in diff.split("\n--- ") if part.strip()]
    return [part if part.startswith("--- ") else f"--- {part}" for part in parts]


def _file(part: str) -> Markup:
    lines = part.splitlines()
    name = lines[1].removeprefix("+++ solution/") if len(lines) > 1 else ""
    tones = {"+": "sw-added", "-": "sw-taken", "@": "sw-dim"}
    body = elements([tag("span", f"{text}\n", cls=tones.get(text[:1])) for text in lines[2:]])
    count = sum(text.startswith("+") for text in lines[2:])
    summary = tag("summary", tag("code", name), " ", tag("span", f"+{count}", cls="sw-dim"))
    return tag("details", summary, tag("pre", tag("code", body), cls="sw-log", tabindex=0), cls="sw-file")
