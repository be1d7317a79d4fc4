"""Columns of a map: its points can be coloured by them, and its card shows them."""

from dataclasses import dataclass

import numpy as np

from core.errors import ConfigError
from dashboard.ui import colours

UNKNOWN = 65_535  # the code of an unknown class


@dataclass(frozen=True, eq=False)
class Column:
    """One value per image of a map, in the order of its rows."""

    name: str
    title: str
    kind: str  # "class" or "number"
    values: np.ndarray  # (n,): codes of `names`, any other code if unknown; or numbers, NaN if unknown
    names: tuple[str, ...] = ()
    colours: tuple[str, ...] = ()  # hexadecimal, one for each name; by default the class colours
    unit: str = ""  # "%": numbers are fractions, shown in percent
    unknown: str = ""  # the name that means unknown; its points are drawn faintly

    def __post_init__(self):
        if self.kind not in ("class", "number"):
            raise ConfigError(f"A column of kind {self.kind!r}", "class or number")
        if self.kind == "class" and not 0 < len(self.names) < UNKNOWN:
            raise ConfigError(f"The classes of {self.title!r} have {len(self.names)} names", f"1 to {UNKNOWN - 1}")
        if self.colours and len(self.colours) != len(self.names):
            raise ConfigError(
                f"{self.title!r} has {len(self.colours)} colours for {len(self.names)} names", "one for each name"
            )

    def palette(self) -> list[str]:
        """A colour for each name."""
        return list(self.colours) or [colours.class_colour(index) for index in range(len(self.names))]
