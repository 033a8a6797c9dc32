"""The one command that brings what is missing, by platform."""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Mapping
from pathlib import Path

from checker.errors import N_
from checker.language import say

__all__ = ["here", "remedy"]

MAKE = "make"
COMMANDS: Mapping[str, Mapping[str, str]] = {
    "python": {"debian": "sudo apt install python3.11 python3.11-venv", "macos": "brew install python@3.12"},
    "git": {"debian": "sudo apt install git", "macos": "brew install git"},
    "environment": {"": MAKE},
    "postgresql": {"debian": "make, or: sudo apt install postgresql", "macos": "make, or: brew install postgresql"},
    "redis": {"debian": "make, or: sudo apt install redis-server", "macos": "make, or: brew install valkey"},
    "fork": {"": MAKE},
    "docker": {
        "debian": "sudo apt install docker.io docker-compose-v2 && sudo usermod -aG docker $USER",
        "macos": "brew install --cask docker && open -a Docker",
        "wsl2": N_("Docker Desktop on Windows, with Settings › Resources › WSL integration switched on"),
    },
    "registry": {"": "docker run -d -p 127.0.0.1:5000:5000 registry:2"},
    "consul": {"debian": "docker pull hashicorp/consul", "macos": "brew install consul"},
    "etcd": {"debian": "sudo apt install etcd-server", "macos": "brew install etcd"},
    "vault": {"debian": "docker pull hashicorp/vault", "macos": "brew install vault"},
    "kubernetes": {
        "debian": "sudo apt install kubernetes-client && kind create cluster",
        "macos": "brew install kind && kind create cluster",
    },
    "disk": {"": N_("free some room: du -sh ~/.cache/* | sort -h")},
    "memory": {"": N_("close something, or give the machine more")},
    "write": {"": N_("go to a folder of your own, or mend its rights: ls -ld .")},
}
"""For each platform, "" for all: what to type. WSL2 is what its Linux is, where nothing else is said."""


def here() -> str:
    """Return "macos", "wsl2", or "debian" for any other Linux."""
    if platform.system() == "Darwin":
        return "macos"
    return "wsl2" if "microsoft" in platform.release().lower() else "debian"


def remedy(what: str, system: str = "") -> str:
    """Return what to type to get ``what``; "" where nothing is known."""
    commands = COMMANDS.get(what, {})
    system = system or here()
    known = commands.get(system) or commands.get("") or (commands.get("debian") if system == "wsl2" else None)
    words = say(known) if known else ""
    if not words and system == "debian":
        words = say(commands.get("debian", "")) if commands else ""
    return _for_this(words)


def _for_this(command: str) -> str:
    """Root needs no sudo; other Linux distributions have another installer."""
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command = command.replace("sudo ", "")
    for installer, words in (("dnf", "dnf install"), ("pacman", "pacman -S"), ("zypper", "zypper install")):
        if shutil.which("apt") is None and shutil.which(installer) and not Path("/etc/debian_version").exists():
            command = command.replace("apt install", words)
    return command
