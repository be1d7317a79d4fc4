"""Prompt templates: sentences with a placeholder for a class name, from published sets or written by the user.

The sets are `assets/prompts/*.txt`, one template per line. `templates` parses a set's name or the user's own lines,
`class_names` parses class names, and `fill` combines the two in English.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from core import settings
from core.errors import ConfigError

PLACEHOLDER = "{}"
MOST_CLASSES = 1000
MOST_TEMPLATES = 200
MOST_CHARACTERS = 6000  # of all names or all templates; the run store's limit for one setting
_DATA = "https://github.com/openai/CLIP/blob/main/data/prompts.md"
_NOTEBOOK = "https://github.com/openai/CLIP/blob/main/notebooks/Prompt_Engineering_for_ImageNet.ipynb"


@dataclass(frozen=True)
class TemplateSet:
    """Templates that were published together."""

    name: str
    title: str
    source: str  # where they were published
    count: int


SETS = {
    template_set.name: template_set
    for template_set in (
        TemplateSet(
            "single",
            "One: a photo of a {}.",
            "Radford et al., Learning transferable visual models, 2021, 3.1.4",
            1,
        ),
        TemplateSet("cifar18", "18 for CIFAR", _DATA, 18),
        TemplateSet("seven", "The 7 best on ImageNet", _NOTEBOOK, 7),
        TemplateSet("imagenet80", "80 for ImageNet", _DATA, 80),
    )
}


@cache
def of_set(name: str) -> tuple[str, ...]:
    """The templates of a set.

    Raises:
        ConfigError: There is no such set.
    """
    if name not in SETS:
        raise ConfigError(f"There is no prompt set {name!r}", f"one of {', '.join(SETS)}")
    text = (settings.ASSETS / "prompts" / f"{name}.txt").read_text(encoding="utf-8")
    return tuple(line for line in text.splitlines() if line)


def templates(text: str) -> tuple[str, ...]:
    """The templates of a named set, or of a text with one per line; empty lines are ignored.

    Raises:
        ConfigError: There are no templates, too many, duplicates, or one without exactly one placeholder.
    """
    if text.strip() in SETS:
        return of_set(text.strip())
    lines = _lines(text, "template", MOST_TEMPLATES, "a photo of a {}.")
    for number, line in enumerate(lines, 1):
        if line.count(PLACEHOLDER) != 1:
            received = "no {}" if PLACEHOLDER not in line else f"{line.count(PLACEHOLDER)} times {{}}"
            raise ConfigError(
                f"Template {number}, {line[:80]!r}, has {received}",
                "one {} where the class name goes",
                "For example: a photo of a {}.",
            )
    return lines


def class_names(text: str) -> tuple[str, ...]:
    """Class names from a text with one per line, in any script; empty lines are ignored.

    Raises:
        ConfigError: There are fewer than two names, too many, or duplicates.
    """
    names = _lines(text, "class name", MOST_CLASSES, "cat")
    if len(names) < 2:
        raise ConfigError("There is only one class", "two or more", "Add another name on its own line")
    return names


def spoken(name: str) -> str:
    """A class name as a person writes it: "aquarium fish" for aquarium_fish, without a number in front.

    Datasets number their folders: 001.Black_footed_Albatross (CUB), n02085620-Chihuahua (by WordNet).
    """
    return " ".join(_NUMBER.sub("", name).replace("_", " ").split()) or name


_NUMBER = re.compile(r"^(\d{3,}\.|n\d{8}[-_ ])(?=.*[^\W\d])")


def fill(chosen: Sequence[str], names: Sequence[str]) -> list[str]:
    """Every template filled with every class name, class by class: k * t texts.

    They are English: "a photo of an aquarium fish." from "a photo of a {}." and aquarium_fish.
    """
    return [_filled(template, spoken(name)) for name in names for template in chosen]


def _filled(template: str, name: str) -> str:
    article = "an" if _takes_an(name) else "a"
    with_article = _ARTICLE.sub(lambda match: match[1] + article[1:] + match[2], template)
    return with_article.replace(PLACEHOLDER, name)


_ARTICLE = re.compile(r"\b(a)n?(\s+\{\})", re.IGNORECASE)
# The rules of the library inflect (jaraco/inflect, `_indef_article`), for nouns: an hour, a unicorn, a one-way street,
# a ukulele, an X-ray, an 8-ball.
_AN_THOUGH = re.compile(r"hour(?!i)|heir|honest|hono|[aefhilmnorsx](?![a-z])|8|1[18](?!\d)")
_A_THOUGH = re.compile(r"e[uw]|onc?e\b|uni([^nmd]|mo)|u[bcfhjkqrst][aeiou]|u(?![a-z])")


def _takes_an(name: str) -> bool:
    letters = unicodedata.normalize("NFKD", name.casefold())
    word = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return bool(_AN_THOUGH.match(word)) or (word[:1] in tuple("aeiou") and not _A_THOUGH.match(word))


def _lines(text: str, what: str, most: int, example: str) -> tuple[str, ...]:
    lines = tuple(line.strip() for line in text.splitlines() if line.strip())
    if not lines:
        raise ConfigError(f"There is no {what}", "at least one, one per line", f"For example: {example}")
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
                f"Lines {seen[key]} and {number} are the same {what}, {line[:80]!r}",
                f"a different {what} on each line",
                "Change or remove one of them",
            )
        seen[key] = number
    return lines
