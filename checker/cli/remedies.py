"""The one command that brings what is missing, by platform."""

from __future__ import annotations

import os
import platform
import re
import shlex
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from checker.errors import N_
from checker.language import say

__all__ = ["PACKAGES", "here", "remedy"]

DOCKER = {
    "debian": "sudo apt install docker.io docker-compose docker-buildx",
    "ubuntu": "sudo apt install docker.io docker-compose-v2 docker-buildx",
    "macos": "brew install --cask docker && open -a Docker",
    "wsl2": N_("Docker Desktop on Windows, with Settings › Resources › WSL integration switched on"),
}
COMMANDS: Mapping[str, Mapping[str, str]] = {
    "python": {"debian": "sudo apt install python3 python3-venv", "macos": "brew install python"},
    "git": {"debian": "sudo apt install git", "macos": "brew install git"},
    "postgresql": {"debian": "sudo apt install postgresql", "macos": "brew install postgresql@17"},
    "redis": {"debian": "sudo apt install redis-server", "macos": "brew install valkey"},
    "docker": DOCKER,
    "docker-started": {
        "debian": "sudo service docker start",
        "macos": "open -a Docker",
        "wsl2": N_("start Docker Desktop on Windows"),
    },
    "docker-allowed": {"": "sudo usermod -aG docker $USER && newgrp docker"},
    "registry": {"": "docker run -d -p 127.0.0.1:5000:5000 registry:2"},
    "etcd": {"debian": "sudo apt install etcd-server", "macos": "brew install etcd"},
    # Neither Debian nor Ubuntu has these two: there they run in containers.
    "consul": DOCKER | {"macos": "brew install consul"},
    "vault": DOCKER | {"macos": "brew install vault"},
    "kubernetes": {
        "debian": "sudo apt install kubernetes-client kind && kind create cluster",
        "macos": "brew install kubernetes-cli kind && kind create cluster",
    },
    "kubernetes-started": {"": "kind create cluster"},
    "sandbox": {"debian": "sudo sysctl user.max_user_namespaces=10000", "macos": DOCKER["macos"]},
    "disk": {"": N_("free some room: du -sh ~/.cache/* | sort -h")},
    "memory": {"": N_("close something, or give the machine more")},
    "write": {"": N_("go to a folder of your own, or mend its rights: ls -ld .")},
}
"""For each platform, "" for all: what to type. Ubuntu and WSL2 are what Debian is, where nothing else is said."""
PACKAGES = ("environment", "fork")
"""What the course's own packages bring."""


def here() -> str:
    """Return "macos", "wsl2", "ubuntu", or "debian" for any other Linux."""
    if platform.system() == "Darwin":
        return "macos"
    if "microsoft" in platform.release().lower():
        return "wsl2"
    release = Path("/etc/os-release")
    known = release.read_text("utf-8", "replace") if release.is_file() else ""
    return "ubuntu" if re.search(r"^ID(_LIKE)?=.*ubuntu", known, re.MULTILINE) else "debian"


def remedy(what: str, system: str = "") -> str:
    """Return what to type to get ``what``; "" where nothing is known."""
    if what in PACKAGES:
        return _packages()
    commands = COMMANDS.get(what, {})
    system = system or here()
    alike = "debian" if system in {"wsl2", "ubuntu"} else system
    known = commands.get(system) or commands.get(alike) or commands.get("", "")
    return _for_this(say(known)) if known else ""


def _packages() -> str:
    """Return what brings the packages: a checkout has its Makefile, what came as a wheel has the lock file inside."""
    from checker.runtime.environment import lock_file  # noqa: PLC0415  (only where they are missing)

    lock = lock_file()
    if lock is None or "_course" not in lock.parts:
        return "make"
    return shlex.join([sys.executable, "-m", "pip", "install", "--require-hashes", "-r", str(lock)])


def _for_this(command: str) -> str:
    """Root needs no sudo; other Linux distributions have another installer."""
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command = command.replace("sudo ", "")
    for installer, words in (("dnf", "dnf install"), ("pacman", "pacman -S"), ("zypper", "zypper install")):
        if shutil.which("apt") is None and shutil.which(installer) and not Path("/etc/debian_version").exists():
            command = command.replace("apt install", words)
    return command
