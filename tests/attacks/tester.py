"""A tester with one attacker and one victim, run inside an outer jail: python tester.py KIND ATTACK WITHOUT.

Prints what came of it, as JSON.
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
from pathlib import Path

from memory import remembers

from checker.grader.sandbox import slots
from checker.grader.sandbox.houses import Limits
from checker.grader.sandbox.sandbox import DEFENCES, Sandbox
from checker.ledger import Ledger
from checker.runtime.environment import environment_of
from checker.runtime.launcher import Launcher
from checker.runtime.locked import call
from checker.wait import until

HERE = Path(__file__).parent
MEBIBYTE = 1 << 20
LIMITS = Limits(memory=192 * MEBIBYTE, processes=120, disk=12 * MEBIBYTE, files=256)
SECRET = "of-the-shop-" + str(time.time_ns())[-6:]
PYTHON = str(Path(sys.executable))


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


def main(kind: str, attack: str, without: list[str]) -> dict[str, object]:
    """Run one attack."""
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
    with (
        slots.take() as slot,
        Sandbox(kind=kind, slot=slot, limits=LIMITS, defences=DEFENCES - set(without)) as sandbox,
    ):
        port, key = free_port(), 0x5EA
        facts |= {"files": [str(hidden), __file__], "checkout": str(HERE.parents[1]), "shop": port, "key": key}
        facts |= {"address": socket.gethostbyname(machine) if machine else "", "machine": machine}
        facts |= {"programs": [sysconfig.get_path("purelib"), sysconfig.get_path("stdlib"), "/usr/bin", "/etc", "/"]}
        env = sandbox.services.environment(environment_of(Path(PYTHON)))
        with Launcher(
            preload=["json", "socket", "subprocess"], ledger=Ledger(), environment=env, cells=sandbox.services
        ) as launcher:
            argv = [PYTHON, "-m", "victim", str(port), str(key)]
            victim = launcher.start("shop", argv, {**env, "SECRET": SECRET}, tree, fork=True)
            assert until(lambda: "up" in victim.last_lines, within=15), victim.last_lines
            knows = remembers(launcher.owner, SECRET.encode())
            argv = [PYTHON, "-m", "hostile", attack]
            process = launcher.start("orders", argv, {**env, "FACTS": json.dumps(facts)}, tree, fork=True)
            code = process.wait(8 if attack == "never_ends" else 25)
            process.stop(0.3)
            said = process.last_lines
            time.sleep(0.3)
            later = process.last_lines
            return {
                "cold": process.cold,
                "code": code,
                "end": process.returncode,
                "said": [line[:300] for line in said],
                "breach": next((line for line in said if line.startswith("breach")), ""),
                "goes on": later != said,
                "victim": victim.returncode,
                "launcher knows": knows,
                "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
            }


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], sys.argv[2], json.loads(sys.argv[3]))))
