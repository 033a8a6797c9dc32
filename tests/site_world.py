"""The site, built strictly, and its pages as a browser's parser sees them."""

from __future__ import annotations

import re
import subprocess
import sys
from functools import cached_property
from html.parser import HTMLParser
from pathlib import Path

BIN = Path(sys.executable).parent
ROOT = Path(__file__).resolve().parents[1]
HOMES = {"en": "", "zh": "zh/"}


def build(folder: Path) -> Path:
    """Lay the pages out in ``folder`` and build both languages; return the site."""
    laid = subprocess.run([BIN / "seamwork", "pages", folder], cwd=ROOT, capture_output=True, text=True, check=False)
    assert laid.returncode == 0, laid.stderr
    for config in laid.stdout.split():
        command = [BIN / "mkdocs", "build", "--quiet", "--strict", "--config-file", config]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    return folder / "site"


class Page(HTMLParser):
    """One page: its ids, what its links lead to, what a browser fetches for it."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.file = file
        self.ids: set[str] = set()
        self.heads: list[str] = []
        self.links: list[str] = []
        self.fetched: list[str] = []
        self.twin = ""
        self.feed(self.text)

    @cached_property
    def text(self) -> str:
        """The page as it is."""
        return self.file.read_text("utf-8")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take note."""
        found = {name: value or "" for name, value in attrs}
        self.ids.add(found.get("id", ""))
        if tag in ("h2", "h3") and "id" in found:
            self.heads.append(found["id"])
        if tag == "a" and "href" in found:
            self.links.append(found["href"])
            self.twin = found["href"] if "sw-twin" in found.get("class", "") else self.twin
        if tag != "a":
            self.fetched += _fetched(found)
        if tag == "link" and not {"prev", "next", "canonical"} & set(found["rel"].split()):
            self.fetched.append(found["href"])

    def target(self, link: str) -> Path:
        """Return the file that a relative link leads to."""
        path = (self.file.parent / link.partition("#")[0].partition("?")[0]).resolve()
        return path / "index.html" if path.is_dir() else path


def _fetched(found: dict[str, str]) -> list[str]:
    """Return what a browser fetches for an element: its source, in any size, and pictures behind it."""
    named = [found[name] for name in ("src", "poster", "data") if name in found]
    sizes = [size.split()[0] for size in found.get("srcset", "").split(",") if size.strip()]
    return [*named, *sizes, *re.findall(r"url\(['\"]?([^'\")]+)", found.get("style", ""))]


def pages(site: Path, language: str) -> dict[str, Page]:
    """Return the pages of a language by where they are, "" for its home."""
    home = site / HOMES[language]
    files = [
        file for file in home.rglob("index.html") if language != "en" or "zh" not in file.relative_to(home).parts[:1]
    ]
    return {file.parent.relative_to(home).as_posix().removeprefix("."): Page(file) for file in sorted(files)}
