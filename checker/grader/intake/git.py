"""git, called for addresses that nobody vouches for: into a bare repository, read object by object, nothing checked out.

So no hook, no filter, no attribute, no submodule and no file-system monitor has anything to run on. git gets an
environment of its own, speaks https and ssh only, asks nobody for anything, and has caps on time and bytes. Who puts git
into a sandbox hands in another ``GitRunner``.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from checker.errors import N_, Blocked

__all__ = ["Git", "GitCall", "GitRunner", "redacted", "run_git"]

_MAX_FILE = 256 * 1024 * 1024
_MAX_ANSWER = 64 * 1024 * 1024
_PASSED_ON = (
    *("PATH", "SSH_AUTH_SOCK", "GIT_SSL_CAINFO", "SSL_CERT_FILE", "SSL_CERT_DIR", "CURL_CA_BUNDLE"),
    *("http_proxy", "https_proxy", "no_proxy", "all_proxy", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY"),
)
_SETTINGS = (
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.symlinks=false",
    "credential.helper=",
    "fetch.recurseSubmodules=false",
    "remote.origin.tagOpt=--no-tags",
    "fetch.fsckObjects=false",
    "fetch.unpackLimit=1",  # always one pack, which the cap on a file's size holds
    "gc.auto=0",
    "maintenance.auto=false",
    "protocol.allow=never",
    "http.lowSpeedLimit=1000",
    "http.lowSpeedTime=30",
)
_FIXED = {
    "LC_ALL": "C.UTF-8",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ASKPASS": "false",
    "SSH_ASKPASS": "false",
    "GIT_SSH_COMMAND": "ssh -o BatchMode=yes -o ForwardAgent=no -o ForwardX11=no -o PermitLocalCommand=no -o ConnectTimeout=20",
    "GIT_LFS_SKIP_SMUDGE": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_PROTOCOL_FROM_USER": "0",
}
_CREDENTIALS = re.compile(r"(?<=://)[^/@\s]+@")


@dataclass(frozen=True)
class GitCall:
    """One call of git: ``folder`` is all that it has to write into; its environment is whole."""

    argv: tuple[str, ...]
    folder: Path
    env: Mapping[str, str] = field(repr=False)  # the address is in it, and a token may be in that
    stdin: bytes = b""
    seconds: float = 120.0
    online: bool = False  # it needs the network


GitRunner = Callable[[GitCall], "subprocess.CompletedProcess[bytes]"]
"""Runs git somewhere; what it wrote comes back whole. Raises subprocess.TimeoutExpired."""


def run_git(call: GitCall) -> subprocess.CompletedProcess[bytes]:
    """Run git on this machine, in a session of its own that is ended with it, with a cap on each file it writes."""
    limited = ("sh", "-c", 'ulimit -c 0; ulimit -f "$0"; exec "$@"', str(_MAX_FILE // 512), *call.argv)
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as said, tempfile.TemporaryFile() as given:
        given.write(call.stdin)
        given.seek(0)
        process = subprocess.Popen(
            limited, cwd=call.folder, env=dict(call.env), stdin=given, stdout=out, stderr=said, start_new_session=True
        )
        try:
            code = process.wait(call.seconds)
        finally:
            _end(process)
        out.seek(0)
        said.seek(0)
        return subprocess.CompletedProcess(call.argv, code, out.read(_MAX_ANSWER), said.read(_MAX_ANSWER))


def _end(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


class Git:
    """One bare repository, in a folder that is gone afterwards, whose only remote is ``address``."""

    def __init__(self, folder: Path, address: str, runner: GitRunner = run_git, protocols: str = "https:ssh") -> None:
        self._folder = folder
        self._address = address
        self._runner = runner
        kept = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        self._env = {**kept, **_FIXED, "HOME": str(folder), "GIT_ALLOW_PROTOCOL": protocols, **_remote(address)}
        self._env.setdefault("PATH", os.defpath)
        self.run("init", "-q", "--bare", "--template=", str(folder))

    def online(self, *words: str) -> bytes:
        """Ask the remote. Raises Blocked where that fails: it says nothing of the student's work."""
        done = self._call(words, online=True)
        if done.returncode:
            raise Blocked(
                N_("git cannot fetch {address}: {said}"),
                N_("Try it by hand: git ls-remote {address}. A private repository needs a token or a key."),
                address=redacted(self._address),
                said=self._said(done),
            )
        return done.stdout

    def run(self, *words: str, stdin: bytes = b"") -> bytes:
        """Run git here and return what it wrote. Raises Blocked where it fails."""
        done = self._call(words, stdin)
        if done.returncode:
            raise Blocked(
                N_("git {command} failed for {address}: {said}"),
                N_("Try again."),
                command=words[0],
                address=redacted(self._address),
                said=self._said(done),
            )
        return done.stdout

    def _call(
        self, words: tuple[str, ...], stdin: bytes = b"", *, online: bool = False
    ) -> subprocess.CompletedProcess[bytes]:
        flags = (word for setting in _SETTINGS for word in ("-c", setting))
        place = () if words[0] == "init" else (f"--git-dir={self._folder}",)
        try:
            return self._runner(GitCall(("git", *flags, *place, *words), self._folder, self._env, stdin, online=online))
        except FileNotFoundError:
            raise Blocked(N_("git is not on PATH."), N_("Install it: sudo apt install git.")) from None
        except subprocess.TimeoutExpired as late:
            raise Blocked(
                N_("git {command} of {address} did not end within {seconds:.0f} s."),
                N_("Try again; is the repository very large?"),
                command=words[0],
                address=redacted(self._address),
                seconds=late.timeout,
            ) from None

    def _said(self, done: subprocess.CompletedProcess[bytes]) -> str:
        text = done.stderr.decode(errors="replace").replace(self._address, redacted(self._address))
        lines = [line for line in redacted(text).splitlines() if line.strip()]
        return " / ".join(lines[-2:])[:300] or f"exit code {done.returncode}"


def redacted(text: str) -> str:
    """Return the text without the names and tokens that addresses in it may hold."""
    return _CREDENTIALS.sub("", text)


def _remote(address: str) -> dict[str, str]:
    """Name the remote in the environment: a command line can be read by everybody on the machine."""
    return {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "remote.origin.url",
        "GIT_CONFIG_VALUE_0": address,
    }
