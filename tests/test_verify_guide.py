"""A lesson's nine sections, and the two languages beside each other."""

from checker.verify.guide import SECTIONS, anatomy, anchors, sections, twins

ENGLISH = "\n".join(f"## {names[0]}\n\nText.\n" for names in SECTIONS)
CHINESE = "\n".join(f"## {names[1]}\n\n正文。\n" for names in SECTIONS)


def test_nine_sections_are_enough() -> None:
    """A guide with the nine, in order, lacks nothing; the twin has the same shape."""
    assert [*anatomy("guide.md", ENGLISH), *anatomy("guide.zh.md", CHINESE, 1)] == []
    assert list(twins("guide.zh.md", CHINESE, "guide.md", ENGLISH)) == []


def test_section_may_come_in_parts() -> None:
    """A name may be numbered, go on after a dot, and be said once for each step."""
    parts = "## Your turn · 1 of 2: cut\n## 5. Your turn · 2 of 2: sew"

    assert list(anatomy("guide.md", ENGLISH.replace("## Your turn", parts))) == []


def test_missing_section_is_named() -> None:
    """The section that is not there is told by its name and place."""
    problems = list(anatomy("guide.zh.md", CHINESE.replace("## 思路", ""), 1))

    assert str(problems[0]) == "guide.zh.md lacks the section '思路', the 4. of nine. Write it."


def test_order_counts() -> None:
    """The idea does not come before the failure."""
    swapped = ENGLISH.replace("See it break", "?").replace("The idea", "See it break").replace("?", "The idea")

    assert "sections in another order: What goes wrong, By the end, The idea, See it break" in str(
        *anatomy("guide.md", swapped)
    )


def test_strange_section_is_refused() -> None:
    """What is none of the nine is a heading of the third level."""
    assert "'Summary' is none" in str(*anatomy("guide.md", ENGLISH + "\n## Summary\n"))


def test_heading_in_a_fence_is_none() -> None:
    """A comment in a shell block opens no section, nor does a fence in a longer fence."""
    text = "## The idea\n````text\n```\n## not one\n```\n````\n### below\n"

    assert [(s.title, s.headings, s.blocks) for s in sections(text)[1:]] == [("The idea", [3], ["text"])]


def test_anchors_of_three_kinds() -> None:
    """MyST targets, attributes and HTML all can be read on at."""
    assert anchors('(one)=\n## A\n## B {#two}\n<a id="three"></a>\n') == {"one", "two", "three"}


def test_cell_that_one_language_lacks() -> None:
    """Section and kind are named where the twins differ."""
    more = ENGLISH.replace("## Prove it\n", "## Prove it\n```{code-cell} ipython3\n%check\n```\n")

    assert str(*twins("guide.zh.md", CHINESE, "guide.md", more)) == (
        "guide.zh.md: section 6 (验证) has other code blocks than guide.md: none, there {code-cell}. "
        "Bring the two languages together."
    )
