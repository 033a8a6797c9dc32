"""What the magics do, over the same parts as the command line: find the workspace, check it, ask the shop that is up."""

from __future__ import annotations

import atexit
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from checker.course import Course, Workspace, root
from checker.errors import LearnerFault, UsageError
from checker.runtime.ground import Ground
from checker.session.runs import remember, save
from checker.session.session import check
from checker.session.up import Up
from checker.session.up_options import Options
from checker.session.up_start import start_up

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from checker.coupling import CouplingMap, Numbers
    from checker.course import Lab
    from checker.outcome import CheckResult, Results
    from checker.session.up_state import State

__all__ = ["Desk"]


class Desk:
    """One notebook's. The ground of its checks is kept warm until ``close()``, which the kernel's end brings about."""

    def __init__(self) -> None:
        self._ground: Ground | None = None
        atexit.register(self.close)

    def space(self) -> Workspace:
        """Return the workspace around the notebook. Raises UsageError when there is none."""
        return Workspace.find(Path.cwd(), Course(root()))

    def enter(self) -> None:
        """Make the workspace the current folder: cells with ! and %%writefile name its files. Outside of one, stay."""
        with suppress(UsageError):
            os.chdir(self.space().path)

    def up(self) -> Up:
        """Return what is up there."""
        return Up(self.space().path)

    def lab(self, space: Workspace, asked: str | None) -> Lab:
        """Return the lab asked for, or the one the workspace is at."""
        return space.course.lab(asked) if asked else space.lab

    def check(
        self,
        asked: str | None,
        *,
        only: Sequence[str],
        seed: int | None,
        earlier: bool,
        on_result: Callable[[CheckResult], None],
        lang: str,
        translate: Callable[[str], str],
    ) -> Results:
        """Run a lab's checks, leave the report in runs/latest, and note how far the lab is."""
        space = self.space()
        lab = self.lab(space, asked)
        ground = self._warm(space.course)
        try:
            results = check(ground, lab, space.path, seed=seed, only=only, earlier=earlier, on_result=on_result)
        except (LearnerFault, UsageError):
            raise
        except BaseException:
            self.close()  # whatever it was, the next run begins on new ground
            raise
        save(results, space.path, ground.ledger, lang=lang, translate=translate)
        remember(space, results)
        return results

    def put_up(self, options: Options, *, restart: bool) -> tuple[State, bool]:
        """Put the shop up; return its state, and whether it was up before."""
        space = self.space()
        up = Up(space.path)
        if up.running:
            return (up.restart() if restart else up.state()), True
        return start_up(space, options), False

    def coupling(self, lang: str, translate: Callable[[str], str]) -> tuple[CouplingMap, Sequence[tuple[str, Numbers]]]:
        """Observe the coupling map, and keep it; return it with the numbers of the labs before."""
        from checker.coupling import earlier, keep, observe  # noqa: PLC0415  (few cells ask for it)

        space = self.space()
        with Ground(space.course, statements=True) as ground:
            drawn = observe(ground, space.lab, space.path)
        before = earlier(space.path, drawn.lab)
        keep(drawn, space.path, lang=lang, translate=translate)
        return drawn, before

    def close(self) -> None:
        """Let go of what is kept warm. Closing twice is fine."""
        ground, self._ground = self._ground, None
        if ground is not None:
            ground.close()

    def _warm(self, course: Course) -> Ground:
        if self._ground is None:
            self._ground = Ground(course, warm=True)
        return self._ground
