"""Fingerprints say whether something changed; changed lines say how much was written by hand."""

from pathlib import Path

from checker.course import Course, changed_lines, fingerprint, read_tree, write_tree
from checker.course.tree import File

TINY = Path(__file__).parent / "tiny"


def py(text: str) -> dict[str, File]:
    """Make a tree of one Python file."""
    return {"a.py": File(text.encode())}


def test_tree_survives_the_disk(tmp_path: Path) -> None:
    """What is written is read back: bytes, bits, and names of any language."""
    tree = {"a b/脚本.sh": File(b"\x00\xff", executable=True), "z.txt": File(b"")}

    write_tree(tree, tmp_path)

    assert read_tree(tmp_path) == tree


def test_leftovers_of_tools_are_not_read(tmp_path: Path) -> None:
    """Caches and compiled files never become part of a course."""
    write_tree(
        {"__pycache__/a.pyc": File(b""), "b.pyc": File(b""), ".git/HEAD": File(b""), "a.py": File(b"")}, tmp_path
    )

    assert list(read_tree(tmp_path)) == ["a.py"]


def test_fingerprint_does_not_depend_on_place(tmp_path: Path) -> None:
    """The same files have the same fingerprint wherever the course lies, in whatever order they are named."""
    one, two = tmp_path / "one", tmp_path / "two"
    for top in (one, two):
        write_tree({"lab/a.py": File(b"a"), "b.txt": File(b"b")}, top)

    assert fingerprint(one / "lab", one / "b.txt", base=one) == fingerprint(two / "b.txt", two / "lab", base=two)


def test_fingerprint_changes_with_content_name_bit_and_absence(tmp_path: Path) -> None:
    """Whatever could change a verdict changes the fingerprint."""
    folder = tmp_path / "lab"
    states = [{"a": File(b"1")}, {"a": File(b"2")}, {"b": File(b"2")}, {"b": File(b"2", executable=True)}, {}]
    seen = set()

    for state in states:
        for file in read_tree(folder):
            (folder / file).unlink()
        write_tree(state, folder)
        seen.add(fingerprint(folder, base=tmp_path))

    assert len(seen) == len(states)


def test_lines_are_counted_as_a_diff_shows_them() -> None:
    """A changed line is one removed and one added."""
    change = changed_lines(py("a = 1\nb = 2\n"), py("a = 1\nb = 3\nc = 4\n"))

    assert (change.added, change.removed, change.files) == (2, 1, ("a.py",))


def test_prose_is_no_logic() -> None:
    """Comments, docstrings, blank lines and imports are added, but are no logic."""
    text = '"""Doc.\n\nMore.\n"""\n\nimport os\n\n\ndef f():\n    """Doc."""\n    # why\n    return os.name\n'

    change = changed_lines({}, py(text) | {"WHY.md": File(b"prose\n")})

    assert (change.added, change.logic) == (13, 2)


def test_moved_lines_are_no_logic() -> None:
    """Code that was carried from one file to another was not written."""
    start, end = {"a.py": File(b"x = 1\ny = 2\n")}, {"b.py": File(b"x = 1\ny = 2\nz = 3\n")}

    change = changed_lines(start, end)

    assert (change.moved, change.logic, change.files) == (2, 1, ("a.py", "b.py"))


def test_bytes_that_are_no_text_count_as_files() -> None:
    """A picture is a changed file without lines."""
    change = changed_lines({}, {"a.png": File(b"\xff\xfe\x00")})

    assert (change.added, change.files) == (0, ("a.png",))


def test_change_of_a_tiny_lab_is_small() -> None:
    """Lab 01 of the tiny course is seven lines by hand, and nine that move."""
    course = Course(TINY)
    lab = course.lab("01")

    change = changed_lines(course.start(lab), course.end(lab))

    assert (change.logic, change.moved) == (7, 9)
