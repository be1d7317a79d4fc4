"""Command-line options, generated from the fields of the configurations."""

import argparse
from collections.abc import Callable, Collection, Mapping
from typing import Any

from core import options


def command(commands: Any, name: str, perform: Callable, text: str) -> argparse.ArgumentParser:
    """Add a command: what does it, and what it is for."""
    added = commands.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
    added.add_argument("--json", action="store_true", help="print one JSON value")
    added.set_defaults(command=perform)
    return added


def add(
    parser: argparse.ArgumentParser,
    *kinds: type,
    choices: Mapping[str, Collection] | None = None,
    unset: bool = False,
) -> None:
    """Add an option for each field of some configurations; of fields with the same name, the first.

    Args:
        choices: Further values that a field may have, by its name.
        unset: Omit options that were not given, instead of setting their defaults.
    """
    added: set[str] = set()
    for kind in kinds:
        defaults = options.defaults(kind)
        for name, option in options.of(kind).items():
            if name in added:
                continue
            added.add(name)
            default = defaults[name]
            allowed = (choices or {}).get(name, () if option.several else option.choices or ())
            values: dict[str, Any] = {"choices": tuple(allowed)} if allowed else {"metavar": option.value}
            parser.add_argument(
                f"--{name.replace('_', '-')}",
                type=type(default),
                default=argparse.SUPPRESS if unset else default,
                help=(option.help if default in ("", 0) else f"{option.help} [{default}]").replace("%", "%%"),
                **values,
            )


def given(parsed: argparse.Namespace, kind: type) -> dict[str, Any]:
    """The fields of a configuration that were given on the command line."""
    return {name: getattr(parsed, name) for name in options.of(kind) if hasattr(parsed, name)}
