"""A tester with attackers, one after the other, and a victim, run inside an outer jail: python tester.py KIND JOBS.

JOBS: pairs of an attack and the defences to be taken away for it, as JSON. Prints what came of each, as JSON.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import socket
import sys
import sysconfig
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from memory import remembers

from checker.grader.sandbox import slots
from checker.grader.sandbox.houses import Limits
from checker.grader.sandbox.sandbox import DEFENCES, Sandbox
from checker.ledger import Ledger
from checker.runtime.environment import environment_of
from checker.runtime.launcher import Launcher, Process
from checker.runtime.locked import call
from checker.wait import until

HERE = Path(__file__).parent
MEBIBYTE = 1 << 20
LIMITS = Limits(memory=192 * MEBIBYTE, processes=120, disk=12 * MEBIBYTE, files=256)
SECRET = "of-the-shop-" + str(time.time_ns())[-6:]
PYTHON = str(Path(sys.executable))
LEAVES = {"fills_disks", "fills_inodes", "one_large_file", "writes_where_others_look", "leaves_a_daemon"}
"""What is told from others by where it lives: it leaves something there."""
LONGEST = {"never_ends": 2, "fills_memory": 12}
WHOLE = {"network", "sizes"}
"""Defences that a sandbox has as a whole; the others are those of a cell."""


def outside(folder: Path) -> dict[str, object]:
    """Be the rest of the machine, in a child: listen everywhere, and answer. Return where."""
    with (
        socket.create_server(("", 0), family=socket.AF_INET6, dualstack_ipv6=True) as tcp,
        socket.socket(socket.AF_UNIX) as engine,
    ):
        engine.bind(str(folder / "docker.sock"))
        engine.listen()
        Path(folder, "docker.sock").chmod(0o777)
        where = {"outside": tcp.getsockname()[1], "engine": str(folder / "docker.sock")}
        if os.fork() == 0:
            call("prctl", 1, int(signal.SIGKILL), 0, 0, 0)  # PR_SET_PDEATHSIG
            while True:
                for sock in (tcp, engine):
                    sock.settimeout(0.02)
                    try:
                        caller, _ = sock.accept()
                    except TimeoutError:
                        continue
                    caller.sendall(b"hello from outside")
                    caller.close()
    return where


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        port: int = sock.getsockname()[1]
        return port


@dataclass
class Scene:
    """What attackers find: the machine around them is ``facts``."""

    sandbox: Sandbox
    launcher: Launcher
    tree: Path
    env: dict[str, str]
    facts: dict[str, object]

    def victim(self) -> Process:
        """Start the shop."""
        argv = [PYTHON, "-m", "victim", str(self.facts["shop"]), str(self.facts["key"])]
        victim = self.launcher.start("shop", argv, {**self.env, "SECRET": SECRET}, self.tree, fork=True)
        assert until(lambda: "up" in victim.last_lines, within=15), victim.last_lines
        return victim

    def attack(self, attack: str, victim: Process) -> tuple[Process, dict[str, object]]:
        """Run one attack, to its end or ours."""
        knows = remembers(self.launcher.owner, SECRET.encode())
        argv = [PYTHON, "-m", "hostile", attack]
        name = attack.replace("_", "") if attack in LEAVES else "orders"
        process = self.launcher.start(name, argv, {**self.env, "FACTS": json.dumps(self.facts)}, self.tree, fork=True)
        code = process.wait(LONGEST.get(attack, 25))
        process.stop(0.3)
        said = process.last_lines
        return process, {
            "cold": process.cold,
            "code": code,
            "end": process.returncode,
            "said": [line[:300] for line in said],
            "breach": next((line for line in said if line.startswith("breach")), ""),
            "victim": victim.returncode,
            "launcher knows": knows,
        }


def main(kind: str, jobs: list[tuple[str, list[str]]]) -> dict[str, dict[str, object]]:
    """Run attacks in one sandbox. What one leaves behind is seen at the end."""
    folder = Path(tempfile.mkdtemp(prefix="seamwork-attack-"))
    folder.chmod(0o755)
    hidden = folder / "test_hidden.py"
    hidden.write_text("assert the_hidden_thing\n", "utf-8")
    tree = folder / "tree"
    tree.mkdir()
    tree.chmod(0o777)
    for name in ("hostile.py", "victim.py"):
        shutil.copy(HERE / name, tree)
    facts = outside(folder)
    machine = os.uname().nodename
    whole = WHOLE & {name for _, without in jobs for name in without}
    with ExitStack() as stack:
        slot = stack.enter_context(slots.take())
        sandbox = stack.enter_context(Sandbox(kind=kind, slot=slot, limits=LIMITS, defences=DEFENCES - whole))
        facts |= {"files": [str(hidden), __file__], "checkout": str(HERE.parents[1]), "shop": free_port(), "key": 0x5EA}
        facts |= {"address": socket.gethostbyname(machine) if machine else "", "machine": machine}
        facts |= {"programs": [sysconfig.get_path("purelib"), sysconfig.get_path("stdlib"), "/usr/bin", "/etc", "/"]}
        env = sandbox.services.environment(environment_of(Path(PYTHON)))
        launcher = stack.enter_context(
            Launcher(preload=["json", "socket", "subprocess"], ledger=Ledger(), environment=env, cells=sandbox.services)
        )
        scene = Scene(sandbox, launcher, tree, env, facts)
        ran = dict[str, tuple[Process, dict[str, object]]]()
        for without, some in groupby(jobs, key=lambda job: job[1]):
            sandbox._defences = DEFENCES - {*without}
            victim = scene.victim()
            ran |= {attack: scene.attack(attack, victim) for attack, _ in some}
            victim.kill()
        time.sleep(0.3)
        megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        return {
            attack: {
                **seen,
                "goes on": [line[:300] for line in process.last_lines] != seen["said"],
                "megabytes": megabytes,
            }
            for attack, (process, seen) in ran.items()
        }


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], json.loads(sys.argv[2]))))
