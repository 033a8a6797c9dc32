"""The magics: what is typed, handed to the desk, and what comes of it shown."""

from __future__ import annotations

import itertools
import os
import re
from functools import wraps
from typing import TYPE_CHECKING, Any

from IPython.core.magic import Magics, line_cell_magic, line_magic, magics_class, no_var_expand
from IPython.display import DisplayHandle, display

from checker.errors import N_, UsageError
from checker.language import LANGUAGES, language, say, told, translator
from checker.notebook import html
from checker.notebook.desk import Desk
from checker.notebook.shown import Shown
from checker.notebook.typed import Typed
from checker.report.ink import Ink
from checker.report.words import Voice
from checker.session.hints import STEPS, next_hint
from checker.session.solution import solution_of
from checker.session.up_asked import Asked
from checker.session.up_options import Options
from checker.session.up_text import Words

if TYPE_CHECKING:
    from collections.abc import Callable

    from IPython.core.interactiveshell import InteractiveShell

    from checker.outcome import CheckResult, Results
    from checker.session.up_state import State

__all__ = ["SeamworkMagics"]

WIDTH = 100
_COMMANDS = re.compile(r"\bseamwork (check|hint|solution|up|down|request|sql|stream|break|heal)\b")

CHECK = (
    Typed("check", "[lab] [--only NAME] [--seed S] [--all]")
    .word("lab", nargs="?")
    .option("--only", action="append", default=[])
    .option("--seed", type=int)
    .option("--all", action="store_true", dest="earlier")
)
HINT = Typed("hint", "[lab] [check]").word("words", nargs="*")
SOLUTION = Typed("solution", "[lab] [--reveal]").word("lab", nargs="?").option("--reveal", action="store_true")
UP = (
    Typed("up", "[--restart] [--port N]")
    .option("--restart", action="store_true")
    .option("--port", type=int, default=8000)
)
REQUEST = (
    Typed("request", "SERVICE METHOD PATH [--json '{…}'] [-H 'name: value'] [--timeout S] [--times N]")
    .word("service")
    .word("method")
    .word("path")
    .option("--json", dest="body")
    .option("-H", "--header", dest="headers", action="append", default=[])
    .option("--timeout", type=float, default=30.0)
    .option("--times", type=int)
)
SQL = Typed("sql", "SERVICE [--as OTHER] SELECT …").word("service").option("--as", dest="login").rest("query")
STREAM = Typed("stream", "[NAME] [--count N]").word("name", nargs="?").option("--count", type=int, default=10)
BREAK = (
    Typed(
        "break",
        "SERVICE hangs|resets|refuses|delays S|answers STATUS|drops-the-answer|half-a-body [--only K] [--when START]",
    )
    .word("service")
    .word("how", nargs="+")
    .option("--only", type=int)
    .option("--when", default="")
)
HEAL = Typed("heal", "[service]").word("service", nargs="?")
SERVICES, DOWN, COUPLING = Typed("services", ""), Typed("down", ""), Typed("coupling", "")


def _in_words(magic: Callable[..., Shown]) -> Callable[..., None]:
    """Show what a magic returns; what it raises becomes a sentence in a box, never a traceback."""

    @no_var_expand  # braces are JSON's here
    @wraps(magic)
    def shown(self: SeamworkMagics, *typed: Any) -> None:
        try:
            found = magic(self, *typed)
        except KeyboardInterrupt:
            found = self.trouble(say(N_("Stopped. What was started for it has been taken down.")))
        except Exception as error:  # noqa: BLE001  (the last line of defence: said in words)
            found = self.trouble(told(error))
        running, self.running = self.running, None
        display(found) if running is None else running.update(found)  # type: ignore[no-untyped-call]

    return shown


@magics_class
class SeamworkMagics(Magics):
    """The course's magics. ``desk`` does what they say."""

    def __init__(self, shell: InteractiveShell) -> None:
        super().__init__(shell=shell)
        self.desk = Desk()
        self.running: DisplayHandle | None = None  # what says that something is going on, until it is replaced

    @line_magic
    @_in_words
    def check(self, line: str) -> Shown:
        """%check [lab] [--only NAME] [--seed S] [--all]: start your system, and prove the lab's claims on it."""
        asked = CHECK.read(line)
        self.running = display(self._progress(0), display_id=True)  # type: ignore[no-untyped-call]
        count = itertools.count(1)

        def came(_: CheckResult) -> None:
            if self.running is not None:
                self.running.update(self._progress(next(count)))  # type: ignore[no-untyped-call]

        results = self.desk.check(
            asked.lab,
            only=asked.only,
            seed=asked.seed,
            earlier=asked.earlier,
            on_result=came,
            lang=language(),
            translate=translator(language()),
        )
        return self._results(results)

    @line_magic
    @_in_words
    def hint(self, line: str) -> Shown:
        """%hint [lab] [check]: where to look, what to do, almost the code; one step further each time."""
        words = HINT.read(line).words
        numbered = [word for word in words if word[:2].isdecimal() or word.isdecimal()]
        names = [word for word in words if word not in numbered]
        space = self.desk.space()
        lab = self.desk.lab(space, numbered[0] if numbered else None)
        hint = next_hint(space, lab, names[0] if names else None, language())
        claim = lab.checks[hint.check].claim[language()]
        name = hint.check.removeprefix("test_")
        then = say(N_("Next: mend it, or ask again: %hint {name}"), name=name) if hint.step < STEPS else ""
        step = say(N_("Hint {step} of 3"), step=hint.step)
        text = "\n".join(part for part in (claim, f"{step}   {hint.words}", then) if part)
        return Shown(html.hinted(hint, claim, then, self._voice), text)

    @line_magic
    @_in_words
    def solution(self, line: str) -> Shown:
        """%solution [lab] [--reveal]: ours, once yours has passed."""
        asked = SOLUTION.read(line)
        space = self.desk.space()
        ours = solution_of(space, self.desk.lab(space, asked.lab), reveal=asked.reveal)
        return Shown(html.solved(ours, self._voice), f"{ours.why}\n{ours.diff}")

    @line_magic
    @_in_words
    def up(self, line: str) -> Shown:
        """%up [--restart] [--port N]: run the shop, with its backing services, until %down."""
        asked = UP.read(line)
        state, before = self.desk.put_up(Options(port=asked.port), restart=asked.restart)
        again, already = N_("{lab} has begun again."), N_("{lab} is up already.")
        headline = (again if asked.restart else already) if before else N_("{lab} is up.")
        return self._state(state, say(headline, lab=state.lab))

    @line_magic
    @_in_words
    def down(self, line: str) -> Shown:
        """%down: take it down again."""
        DOWN.read(line)
        self.desk.up().stop()
        words = say(N_("The shop is down, and its databases with it. Its logs are in runs/up."))
        return Shown(html.progress(words, self._voice), words)

    @line_magic
    @_in_words
    def services(self, line: str) -> Shown:
        """%services: what is up, where, and what is broken."""
        SERVICES.read(line)
        state = self.desk.up().state()
        return self._state(state, say(N_("{lab} is up."), lab=state.lab))

    @line_cell_magic
    @_in_words
    def request(self, line: str, cell: str | None = None) -> Shown:
        """%request SERVICE METHOD PATH: ask a service that is up; %%request takes the cell as the JSON body."""
        typed = REQUEST.read(line)
        body = typed.body if cell is None else cell
        asked = Asked.of(
            typed.service, typed.method, typed.path, body=body, headers=typed.headers, timeout=typed.timeout
        )
        if typed.times is not None:
            answers = asked.ask_at_once(self.desk.up(), typed.times)
            return Shown(html.crowd(line, answers, self._voice), self._words.answers(answers))
        answer = asked.ask(self.desk.up())
        return Shown(html.answered(answer, self._voice), self._words.answer(answer))

    @line_cell_magic
    @_in_words
    def sql(self, line: str, cell: str | None = None) -> Shown:
        """Ask the database of a service that is up: %sql SERVICE [--as OTHER] SELECT …, or %%sql SERVICE and a cell."""
        asked = SQL.read(line)
        query = asked.query if cell is None else f"{asked.query}\n{cell}"
        rows = self.desk.up().sql(asked.service, query, login=asked.login)
        return Shown(html.listed(rows, self._voice), self._words.rows(rows, wide=True))

    @line_magic
    @_in_words
    def stream(self, line: str) -> Shown:
        """%stream [NAME] [--count N]: which streams the shop's broker has, or what is in one of them."""
        asked = STREAM.read(line)
        up = self.desk.up()
        found = up.streams() if asked.name is None else up.stream(asked.name, asked.count)
        return Shown(html.streamed(found, self._voice), self._words.streams(found, wide=True))

    @line_magic("break")  # type: ignore[arg-type]  # (IPython types its decorators so)
    @_in_words
    def break_(self, line: str) -> Shown:
        """%break SERVICE HOW: let a service fail, as its neighbours see it."""
        asked = BREAK.read(line)
        state = self.desk.up().breaks(asked.service, asked.how, only=asked.only, when=asked.when)
        return self._state(state, say(N_("{service} is broken; %heal takes it back."), service=asked.service))

    @line_magic
    @_in_words
    def heal(self, line: str) -> Shown:
        """%heal [service]: take every fault back."""
        asked = HEAL.read(line)
        state = self.desk.up().heals(asked.service)
        whole, left = N_("Nothing is broken any more."), N_("{service} is whole again.")
        return self._state(state, say(left if state.faults else whole, service=asked.service))

    @line_magic
    @_in_words
    def coupling(self, line: str) -> Shown:
        """%coupling: who imports, calls and queries whom in your system, as a picture."""
        from checker.coupling import render_fragment, render_text  # noqa: PLC0415  (few cells ask for it)

        COUPLING.read(line)
        lang, translate = language(), translator(language())
        drawn, before = self.desk.coupling(lang, translate)
        return Shown(
            render_fragment(drawn, lang=lang, translate=translate, earlier=before),
            render_text(drawn, lang=lang, translate=translate, width=WIDTH, earlier=before),
        )

    @line_magic
    @_in_words
    def lang(self, line: str) -> Shown:
        """%lang zh: speak Chinese from now on; %lang en: English."""
        wanted = line.strip().lower()
        if wanted not in LANGUAGES:
            raise UsageError(
                N_("There is no language {wanted!r} here."),
                N_("There are: {known}."),
                wanted=line.strip(),
                known=", ".join(LANGUAGES),
            )
        os.environ["SEAMWORK_LANG"] = wanted
        words = {"en": "English.", "zh": "中文。"}[wanted]
        return Shown(html.progress(words, self._voice), words)

    def trouble(self, words: str) -> Shown:
        """Return what is shown of an error; commands that are magics here are called so."""
        words = _COMMANDS.sub(r"%\1", words)
        return Shown(html.troubled(words, self._voice), words)

    @property
    def _voice(self) -> Voice:
        return Voice(language(), translator(language()))

    @property
    def _words(self) -> Words:
        return Words(self._voice, Ink(), WIDTH)

    def _state(self, state: State, headline: str) -> Shown:
        return Shown(html.stated(state, headline, self._voice), f"{headline}\n{self._words.state(state)}")

    def _progress(self, count: int) -> Shown:
        words = say(N_("checking … {count} so far"), count=count)
        return Shown(html.progress(words, self._voice), words)

    def _results(self, results: Results) -> Shown:
        from checker.report import render_fragment, render_text  # noqa: PLC0415  (slow to import)

        lang, translate = language(), translator(language())
        then = self._then(results)
        return Shown(
            render_fragment(results, lang=lang, translate=translate, then=then),
            render_text(results, lang=lang, translate=translate, width=WIDTH, then=then),
        )

    def _then(self, results: Results) -> str:
        """Say what to do next: what has passed in part is not the lab yet."""
        if results.exit_code:
            return say(N_("Next: mend it, then %check again. %hint gives a hint."))
        course = self.desk.space().course
        lab = course.lab(results.lab)
        following = course.labs[course.labs.index(lab) + 1 :]
        if sum(check.lab == lab.name for check in results.checks) < len(lab.checks):
            return say(N_("Next: all of it, %check {number}."), number=lab.number)
        if following:
            return say(N_("Next: seamwork start {next}, in a terminal."), next=following[0].number)
        return say(N_("That was the last lab there is so far."))
