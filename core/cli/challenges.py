"""Challenges in the terminal: list, open, close, enter."""

from argparse import Namespace
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from core import challenges, people, spreadsheets
from core.cli import actions, options
from core.cli.bar import Bar
from core.errors import LabError

ACTIONS = {  # with the arguments that each takes
    "list": "",
    "open": "open DATASET [TITLE]",
    "close": "close NAME",
    "enter": "enter NAME RUN|FILE.csv",
}


def add(commands: Any) -> None:
    """Add the command `challenge`."""
    contest = options.command(
        commands, "challenge", _challenge, "list the challenges of the class; open, close or enter one"
    )
    contest.add_argument("action", nargs="?", choices=tuple(ACTIONS), default="list", help="what to do [list]")
    contest.add_argument("names", nargs="*", metavar="NAME", help="; ".join(filter(None, ACTIONS.values())))


def _challenge(parsed: Namespace) -> tuple[list[dict], str]:
    return perform(parsed.action, parsed.names)


def perform(action: str, names: Sequence[str]) -> tuple[list[dict], str]:
    """Do one of `ACTIONS`; returns the challenges with their rankings as JSON values, and as text.

    Raises:
        ConfigError: The action takes other arguments.
        LabError: It is impossible.
    """
    actions.check("challenge", action, names, ACTIONS[action])
    with Bar() as bar:
        if action == "open":
            challenges.create(names[1] if names[1:] else "Challenge", names[0], report=bar)
        elif action == "close":
            challenges.close(names[0])
        elif action == "enter" and Path(names[1]).suffix == ".csv":
            challenges.enter_file(names[0], Path(names[1]).name, spreadsheets.content(Path(names[1])))
        elif action == "enter":
            challenges.enter_run(*names, report=bar)
    listed = [_described(name) for name in challenges.names()]
    return listed, "\n".join(line for each in listed for line in _lines(each))


def _described(name: str) -> dict[str, Any]:
    """A challenge with its ranking, or with the error that hides it: the others are listed all the same."""
    try:
        challenge = challenges.read(name)
        places = challenges.ranked(challenge, challenges.of(name), challenges.cut(challenge))
    except LabError as error:
        return {"name": name, "error": str(error)}
    names = ("name", "title", "source", "opened", "closed", "warning")
    ranking = [
        {"person": place.entry.person, "entry": place.entry.name}
        | {"public": asdict(place.public), "hidden": asdict(place.hidden) if place.hidden else None}
        for place in places
    ]
    return {name: getattr(challenge, name) for name in names} | {"ranking": ranking}


def _lines(described: dict[str, Any]) -> list[str]:
    if "error" in described:
        return [f"{described['name']}: {described['error']}"]
    lines = [
        f"{described['name']}: {described['title']}, on {described['source']}, "
        + ("closed" if described["closed"] else "open")
    ]
    if described["warning"]:
        lines.append(f"     {described['warning']}")
    for number, place in enumerate(described["ranking"], start=1):
        share = place["hidden"] or place["public"]
        value, low, high = (100 * share[name] for name in ("value", "low", "high"))
        lines.append(
            f"{number:>4} {value:5.1f} % ({low:.1f} to {high:.1f})  {people.called(place['person'])}: {place['entry']}"
        )
    return lines
