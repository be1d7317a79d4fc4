"""Prompts: sentences with a place for a class name, in sets that were published or that a person wrote.

The sets are `assets/prompts/*.txt`, one template a line. `templates` reads a set or a person's own lines, `fill` puts
the class names in, `class_names` reads those.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from core import settings
from core.errors import ConfigError

PLACE = "{}"
MOST_CLASSES = 1000
MOST_TEMPLATES = 200
MOST_CHARACTERS = 6000  # of all names or of all templates: what the run store keeps of one setting
_DATA = "https://github.com/openai/CLIP/blob/main/data/prompts.md"
_NOTEBOOK = "https://github.com/openai/CLIP/blob/main/notebooks/Prompt_Engineering_for_ImageNet.ipynb"


@dataclass(frozen=True)
class Set:
    """Templates that were published together."""

    name: str
    title: str
    source: str  # where they were published
    count: int


SETS = {
    each.name: each
    for each in (
        Set("single", "One: a photo of a {}.", "Radford et al., Learning transferable visual models, 2021, 3.1.4", 1),
        Set("cifar18", "18 for CIFAR", _DATA, 18),
        Set("seven", "7 that do best on ImageNet", _NOTEBOOK, 7),
        Set("imagenet80", "80 for ImageNet", _DATA, 80),
    )
}


@cache
def of_set(name: str) -> tuple[str, ...]:
    """The templates of a set.

    Raises:
        ConfigError: There is no such set.
    """
    if name not in SETS:
        raise ConfigError(f"There are no prompts {name!r}", f"one of {', '.join(SETS)}", "Choose one of these")
    text = (settings.ASSETS / "prompts" / f"{name}.txt").read_text(encoding="utf-8")
    return tuple(line for line in text.splitlines() if line)


def templates(text: str) -> tuple[str, ...]:
    """The templates of a set by its name, or of a text with one a line; empty lines do not count.

    Raises:
        ConfigError: No template, one without a place for the class, twice the same, or too many.
    """
    if text.strip() in SETS:
        return of_set(text.strip())
    lines = _lines(text, "template", MOST_TEMPLATES, "a photo of a {}.")
    for number, line in enumerate(lines, 1):
        if line.count(PLACE) != 1:
            found = "no {}" if PLACE not in line else f"{line.count(PLACE)} times {{}}"
            raise ConfigError(
                f"Template {number}, {line[:80]!r}, has {found}",
                "one {} where the class name goes",
                "Write for example: a photo of a {}.",
            )
    return lines


def class_names(text: str) -> tuple[str, ...]:
    """Class names from a text with one a line, in any script; empty lines do not count.

    Raises:
        ConfigError: Fewer than two names, two classes with one name, or too many.
    """
    names = _lines(text, "class name", MOST_CLASSES, "cat")
    if len(names) < 2:
        raise ConfigError("There is one class only", "two or more", "Write another name on a line of its own")
    return names


def fill(chosen: Sequence[str], names: Sequence[str]) -> list[str]:
    """Every template with every class name, class by class: k * t texts."""
    return [template.replace(PLACE, name) for name in names for template in chosen]


def _lines(text: str, what: str, most: int, example: str) -> tuple[str, ...]:
    lines = tuple(line.strip() for line in text.splitlines() if line.strip())
    if not lines:
        raise ConfigError(f"There is no {what}", "at least one, each on a line", f"Write for example: {example}")
    if len(lines) > most:
        raise ConfigError(f"There are {len(lines):,} {what}s", f"at most {most:,}", "Remove some lines")
    if len(text) > MOST_CHARACTERS:
        raise ConfigError(
            f"The {what}s are {len(text):,} characters long", f"at most {MOST_CHARACTERS:,}", "Shorten them"
        )
    seen = {}
    for number, line in enumerate(lines, 1):
        key = line.casefold()
        if key in seen:
            raise ConfigError(
                f"Lines {seen[key]} and {number} are one {what}, {line[:80]!r}",
                f"a {what} of its own on each line",
                "Change one, or remove it",
            )
        seen[key] = number
    return lines
