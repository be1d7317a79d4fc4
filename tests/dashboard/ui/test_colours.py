"""Families and classes are told apart by their colours."""

import re

from core.backbones import BACKBONES
from dashboard.ui import colours


def test_every_family_has_a_colour_and_a_symbol():
    families = {facts.family for facts in BACKBONES.values()}
    assert families <= set(colours.FAMILY_COLOURS)
    assert families <= set(colours.FAMILY_SYMBOLS)


def test_no_two_families_look_the_same():
    looks = {(colours.FAMILY_COLOURS[family], colours.FAMILY_SYMBOLS[family]) for family in colours.FAMILY_COLOURS}
    assert len(looks) == len(colours.FAMILY_COLOURS) == len(set(colours.FAMILY_COLOURS.values()))


def test_a_hundred_classes_have_colours_and_the_first_ten_are_the_ten():
    hundred = [colours.class_colour(index) for index in range(100)]
    assert hundred[:10] == list(colours.CLASS_COLOURS)
    assert len(set(hundred[:80])) == 80
    assert all(re.fullmatch("#[0-9a-f]{6}", colour) for colour in hundred)
