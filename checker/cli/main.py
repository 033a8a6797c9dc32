"""The group of commands, and the one place where errors become sentences and exit codes."""

from __future__ import annotations

import importlib
import os
import sys

import click

from checker.errors import N_, SeamworkError
from checker.language import say, sentence, told

__all__ = ["cli", "main"]

COMMANDS = {
    "doctor": N_("What is here, what is missing, what each lab needs."),
    "init": N_("Make a workspace: the shop, the notebooks, a git repository."),
    "lab": N_("Open JupyterLab on the workspace."),
    "list": N_("Show the labs, your progress, and what is next."),
    "start": N_("Merge a lab's starter into your own work."),
    "check": N_("Start your system and prove a lab's claims on it."),
    "watch": N_("Check again on every save."),
    "up": N_("Run the shop yourself, with its backing services."),
    "logs": N_("Show what the running services wrote."),
    "down": N_("Stop what `up` started."),
    "request": N_("Send one request to a service that is up, and see the wire."),
    "run": N_("Run a process that is only called, such as a release, on the shop that is up."),
    "sql": N_("Ask the database of a service that is up."),
    "stream": N_("Look into the streams of the shop that is up, and their dead letters."),
    "break": N_("Break a service that is up: hangs, resets, answers 503, ..."),
    "heal": N_("Take every fault back."),
    "map": N_("Draw who imports, calls and queries whom in your system."),
    "hint": N_("Show the next hint of a check."),
    "solution": N_("Show our solution of a lab, once yours has passed."),
    "reset": N_("Go back to the start of a lab; your work stays on a branch."),
    "pack": N_("Make the file that is handed in."),
    "grade": N_("For instructors: judge what a class handed in; grade diff: whose mark moved."),
    "verify": N_("For authors: prove every lab, with its wrong and right versions."),
    "new": N_("For authors: lay out a new lab."),
}
HIDDEN = {"lesson", "pages", "welcome"}
MODULES = {"list": "list_", "break": "break_"}


class Commands(click.Group):
    """A group that knows its commands' names and first lines without importing them."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  (click's)
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS and cmd_name not in HIDDEN:
            return self._unknown(ctx, cmd_name)
        module = importlib.import_module(f"checker.cli.{MODULES.get(cmd_name, cmd_name)}")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section(say(N_("Commands"))):
            formatter.write_dl([(name, say(line)) for name, line in COMMANDS.items()])

    @staticmethod
    def _unknown(ctx: click.Context, name: str) -> None:
        from difflib import get_close_matches  # noqa: PLC0415  (only on a typing error)

        near = get_close_matches(name, COMMANDS, n=1)
        if near:
            ctx.fail(say(N_("There is no command {name!r}. Did you mean {near}?"), name=name, near=near[0]))


@click.command(
    cls=Commands, name="seamwork", context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(package_name="seamwork", message="%(package)s %(version)s")
def cli() -> None:
    """Take a Python monolith apart, and see each step proven on the running system."""


def main() -> None:
    """Run a command. Exit 0 all well, 1 the learner's system failed, 2 it could not be decided."""
    try:
        cli(standalone_mode=False, prog_name="seamwork")
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        sys.exit(2)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (KeyboardInterrupt, click.Abort):
        _tell(say(N_("Stopped. Everything that was started has been taken down.")))
        sys.exit(130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except SeamworkError as error:
        _tell(sentence(error))
        sys.exit(error.exit_code)
    except Exception as error:  # noqa: BLE001  (the last line of defence: ours, said so, never a bare traceback)
        _tell(told(error))
        sys.exit(2)


def _tell(words: str) -> None:
    click.echo(words, err=True)
