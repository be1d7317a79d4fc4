"""Numbers as a person writes them, and text from outside as it is."""

import re

import pytest
from markdown_it import MarkdownIt

from dashboard.ui import formats

AWKWARD = (
    "*a*_b_",
    "**bold**",
    "$x$ and $y$",
    "<b>bold</b>",
    "![a picture](https://example.org/picture.png)",
    "[a link](https://example.org)",
    "`code`",
    "- one",
    "12) twelve",
    "3. three",
    "# heading",
    "> quoted",
    "~~gone~~",
    "&amp;",
    "a\\*b",
    "polar_bear",
    "ada@school.example",
    "WWW.a.example/a_b",
    "=",
    "two  spaces\nand a line",
)


def test_numbers_are_written_as_a_person_writes_them():
    assert [formats.about(seconds) for seconds in (3, 44, 95, 3700)] == ["a few seconds", "40 s", "2 min", "1 h 2 min"]
    assert formats.learning_rate(1e-5) == "1e-5"
    assert formats.learning_rate(0.001) == "0.001"
    assert (formats.signed(-0.05), formats.signed(12.34, 1)) == ("\u22120.05", "12.3")
    assert (formats.storage(1.23e9), formats.storage(345e6)) == ("1.2 GB", "345 MB")


@pytest.mark.parametrize("name", AWKWARD)
def test_text_from_outside_is_shown_as_it_is(name: str):
    blocks = MarkdownIt("commonmark").enable("strikethrough").parse(formats.plain(name))
    assert [block.type for block in blocks] == ["paragraph_open", "inline", "paragraph_close"]
    parts = blocks[1].children
    assert {part.type for part in parts} <= {"text", "text_special"}
    assert "".join(part.content for part in parts).replace("\u2060", "") == " ".join(name.split())


def test_no_emoji_formula_or_colour_of_streamlit_is_left_in_text_from_outside():
    assert ":cat:" not in formats.plain("a :cat: here")
    assert ":red[" not in formats.plain(":red[alert]")
    assert formats.plain("$x$") == "\\$x\\$"
    assert formats.plain("ratio: 3") == "ratio: 3"


def test_a_name_that_looks_like_an_address_is_no_link():
    """Streamlit's Markdown, unlike CommonMark, makes links of them."""
    for name in ("ada@school.example", "www.a.example", "WWW.a.example", "https://a.example"):
        linked = re.compile(r"www\.|https?://|[-.\w+]+@[-\w]+\.", re.IGNORECASE)
        assert linked.match(name) and not linked.search(formats.plain(name))


def test_code_in_an_error_stays_code_and_all_else_is_shown_as_it_is():
    text = "There is no *x*. Run `python -m core warm --backbones X_y` first"
    assert formats.message(text) == "There is no \\*x\\*. Run `python -m core warm --backbones X_y` first"


def test_an_address_in_a_message_is_a_link_that_can_be_followed_as_it_is():
    text = "Nothing here: put https://example.org/a_b/net_1.0.h5 into /home/x_y."
    assert formats.message(text) == (
        "Nothing here: put [net\\_1.0.h5](<https://example.org/a_b/net_1.0.h5>) into /home/x\\_y."
    )
    assert formats.message("See https://example.org/a.") == "See [a](<https://example.org/a>)\\."
