"""A field of a configuration says once what it means and takes: errors, the terminal and widgets read it there."""

import math
from argparse import ArgumentParser
from dataclasses import dataclass

import pytest

from core import options
from core.cli import options as terminal
from core.config import RunConfig
from core.embeddings import Source
from core.errors import ConfigError
from core.maps import MapConfig
from core.options import option


@dataclass(frozen=True)
class Recipe:
    """A toy configuration."""

    flour: int = option(300, "Flour", "grams of flour", least=1, most=1000)
    salt: float = option(0.02, "Salt", "share of the flour", least=0, below=1)
    heat: str = option("oven", "Heat", "where it bakes", choices={"oven": "Oven", "stone": "Stone"})
    seeds: str = option("", "Seeds", "joined by +", choices={"poppy": "Poppy", "sesame": "Sesame"}, several=True)


@pytest.mark.parametrize("values", [{}, {"flour": 1}, {"flour": 1000}, {"salt": 0.0}, {"seeds": "sesame+poppy"}])
def test_values_within_the_limits_pass(values):
    options.check(Recipe(**values))


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"flour": 0}, "flour of bread is 0. Expected 1 to 1000"),
        ({"salt": 1.0}, "salt of bread is 1.0. Expected 0 or more and less than 1"),
        ({"salt": math.nan}, "salt of bread is nan"),
        ({"heat": "stones"}, "The heat of bread is 'stones'. Expected one of oven, stone. The closest is 'stone'"),
        ({"seeds": "poppy+flax"}, "The seeds of bread is 'flax'"),
    ],
)
def test_other_values_are_refused_with_what_is_possible(values, words):
    with pytest.raises(ConfigError) as error:
        options.check(Recipe(**values), "bread")
    assert words in str(error.value)


def test_a_refused_number_is_told_with_its_meaning():
    with pytest.raises(ConfigError, match="grams of flour"):
        options.check(Recipe(flour=-1))


def test_a_field_may_be_that_of_another_configuration_with_other_limits():
    @dataclass(frozen=True)
    class Pizza:
        flour: int = options.same(Recipe, "flour", most=None)

    assert Pizza().flour == 300
    assert options.of(Pizza)["flour"].help == "grams of flour"
    options.check(Pizza(flour=5000))


@pytest.mark.parametrize("kind", [RunConfig, MapConfig, Source])
def test_every_default_in_a_widget_is_within_what_it_offers(kind):
    for name, about in options.of(kind).items():
        default = options.defaults(kind)[name]
        assert about.label and about.help
        if about.choices and not about.several:
            assert default in about.choices
        if about.offered and default:  # 0 stands for the method's own
            assert about.offered[0] <= default <= about.offered[1]
            assert about.takes(about.offered[0]) and about.takes(about.offered[1])
            assert type(about.offered[1]) is type(default)


def test_the_terminal_takes_an_option_for_each_field():
    parser = ArgumentParser()
    terminal.add(parser, Recipe)
    parsed = parser.parse_args(["--flour", "500", "--heat", "stone"])
    assert terminal.given(parsed, Recipe) == {"flour": 500, "salt": 0.02, "heat": "stone", "seeds": ""}
    assert "grams of flour [300]" in parser.format_help()


def test_the_terminal_leaves_out_what_was_not_typed_when_asked_to():
    parser = ArgumentParser()
    terminal.add(parser, Recipe, unset=True)
    assert terminal.given(parser.parse_args(["--salt", "0.1"]), Recipe) == {"salt": 0.1}
