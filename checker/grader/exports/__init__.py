"""What a class came to, for people and for programs: functions of what the store holds, and one that writes them all.

    written = write_all(store, lab, folder, lang="en", translate=gettext, private=metas, before=labs)

``folder`` is ours alone, and is written whole or not at all: index.html (the class), results.json (``seamwork/class/v1``),
canvas.csv, moodle.csv, notes.txt (who is not in which file), and for each student feedback/*.html and *.md, junit/*.xml,
students/*.json, gradescope/*.json, classroom50/*.json. A student of whom nothing has changed is not written
again. No clock is read: the same store gives the same files. Everything that a submission can write is escaped, and holds
no control characters.
"""

from __future__ import annotations

from checker.grader.exports.writing import Written, write_all

__all__ = ["Written", "write_all"]
