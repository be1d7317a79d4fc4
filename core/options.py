"""Options: the fields of a configuration, each with its label, its help and the values it takes.

    momentum: float = option(0.9, "Momentum", "of sgd", least=0, below=1, offered=(0.0, 0.999), step=0.05)

The default, the check of a value, the terminal's options and the dashboard's widgets are all read from this one line.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from math import isfinite
from typing import Any, TypeVar

from core.errors import ConfigError, closest

T = TypeVar("T")
_KEY = "option"


@dataclass(frozen=True)
class Option:
    """The meaning of a field of a configuration, and the values it accepts."""

    label: str  # above its widget
    help: str  # behind its name in a terminal
    value: str = "N"  # stands for a value in a terminal
    choices: Mapping[Any, str] | None = None  # every value it takes, with a title
    several: bool = False  # any number of the choices, joined by +
    least: float | None = None
    most: float | None = None
    above: float | None = None  # as `least`, but excluded
    below: float | None = None  # as `most`, but excluded
    offered: tuple[float, float] | None = None  # least and most of its widget, where the limits above are wider
    step: float | None = None  # of its widget
    longest: int = 4096  # characters of a text; that of a path on Linux

    @property
    def limits(self) -> str:
        """The limits in words: "0 or more and less than 1"."""
        if self.least is not None and self.most is not None:
            return f"{self.least} to {self.most}"
        bounds = {
            f"more than {self.above}": self.above,
            f"{self.least} or more": self.least,
            f"less than {self.below}": self.below,
            f"at most {self.most}": self.most,
        }
        return " and ".join(words for words, bound in bounds.items() if bound is not None)

    def takes(self, value: Any) -> bool:
        """Whether a value is one of the choices and within the limits; NaN and infinity never are."""
        if self.choices is not None:
            return all(one in self.choices for one in self._parts(value))
        if isinstance(value, str):
            return len(value) <= self.longest
        return (
            isfinite(value)
            and (self.least is None or value >= self.least)
            and (self.most is None or value <= self.most)
            and (self.above is None or value > self.above)
            and (self.below is None or value < self.below)
        )

    def unknown(self, value: Any) -> Any:
        """The first part of a value that is none of the choices."""
        return next(one for one in self._parts(value) if one not in (self.choices or ()))

    def _parts(self, value: Any) -> list:
        return [part for part in value.split("+") if part] if self.several else [value]


def option(default: T, label: str, help: str, **others: Any) -> T:
    """A field of a dataclass; `others` are the other fields of `Option`."""
    return field(default=default, metadata={_KEY: Option(label, help, **others)})


def same(kind: type, name: str, **changes: Any) -> Any:
    """A field with the default and the option of another configuration's field, changed or not."""
    return field(default=defaults(kind)[name], metadata={_KEY: replace(of(kind)[name], **changes)})


def of(kind: type) -> dict[str, Option]:
    """The options of a configuration by the name of their field."""
    return {f.name: f.metadata[_KEY] for f in fields(kind) if _KEY in f.metadata}


def defaults(kind: type) -> dict[str, Any]:
    """The default of each option."""
    return {f.name: f.default for f in fields(kind) if _KEY in f.metadata}


def check(config: Any, owner: str = "") -> None:
    """Reject a configuration with a value that its options do not accept.

    Args:
        owner: The owner of the fields, for the error message: "a map".

    Raises:
        ConfigError: An option does not accept its value.
    """
    of_owner = f" of {owner}" if owner else ""
    for name, option in of(type(config)).items():
        value, title = getattr(config, name), name.replace("_", " ")
        if option.takes(value):
            continue
        if option.choices is not None:
            value = option.unknown(value)
            allowed = [str(choice) for choice in option.choices]
            raise ConfigError(
                f"The {title}{of_owner} is {value!r}", f"one of {', '.join(allowed)}", closest(str(value), allowed)
            )
        if isinstance(value, str):
            received = f"The {title}{of_owner} has {len(value):,} characters"
            raise ConfigError(received, f"at most {option.longest:,}", f"It means: {option.help}")
        expected = option.limits or "a finite number"
        raise ConfigError(f"{title}{of_owner} is {value}", expected, f"It means: {option.help}")
