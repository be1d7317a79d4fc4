"""Who may do what: one table of rules, checked by the code that does it.

A person is a name; `LECTURER` is the lecturer, who also owns everything older than the class. Outside of a class,
the current person is always the lecturer. In a class, `set_identity` or `acting_as` says who it is; until then there is
none, and nothing is allowed.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Any

from core import roster, settings
from core.errors import AccessError
from core.progress import Report

LECTURER = ""
HELD_BACK, EVERYONE = roster.HELD_BACK, roster.EVERYONE
LECTURERS = (LECTURER, HELD_BACK)  # owners whose work is the lecturer's


@dataclass(frozen=True)
class Rule:
    """What a learner may do; a lecturer may do everything."""

    deed: str  # completes "Only ... can"
    learners: str  # "all"; "own": what is theirs; "seen": what is theirs, the lecturer's or shown to all; "none"


RULES = {
    "start": Rule("start runs and other work", "all"),
    "import": Rule("import images", "all"),
    "see": Rule("see this", "seen"),
    "change run": Rule("change this run", "own"),
    "change dataset": Rule("change this dataset", "own"),
    "cancel": Rule("cancel this work", "own"),
    "enter": Rule("enter this in a challenge", "own"),
    "answer": Rule("answer questions of lessons", "all"),
    "see answers": Rule("see these answers", "own"),
    "take answers back": Rule("take answers back", "none"),
    "run challenges": Rule("open and close challenges", "none"),
    "name server files": Rule("enter paths on the server", "none"),
    "clear caches": Rule("clear the caches", "none"),
    "run the class": Rule("change the class", "none"),
}


def set_identity(who: Callable[[], str | None]) -> None:
    """Set the function that returns the current person of a class; None: there is none."""
    global _who
    _who = who


def current_person() -> str | None:
    """The person for whom this thread works: a learner's name, `LECTURER`, or None for nobody."""
    if settings.mode() == "alone":
        return LECTURER
    return _who() if (person := _on_behalf.get()) is None else person


def called(person: str) -> str:
    """A person's name, in sentences and tables."""
    return person or "the lecturer"


@contextmanager
def acting_as(person: str) -> Iterator[None]:
    """Make this the current person inside: for work of the server itself, and in a worker."""
    token = _on_behalf.set(person)
    try:
        yield
    finally:
        _on_behalf.reset(token)


def on_behalf(person: str, function: Callable, *args: Any, report: Report) -> Any:
    """Call `function(*args, report=report)` for a person, in a worker."""
    with acting_as(person):
        return function(*args, report=report)


def may(action: str, owner: str = LECTURER) -> bool:
    """Whether the current person may do this.

    Args:
        action: One of `RULES`.
        owner: The owner of the run, dataset or other object.
    """
    return _may(current_person(), action, owner)


def seen(owners: Iterable[str]) -> set[str]:
    """The owners whose work the current person may see."""
    person = current_person()
    return {owner for owner in set(owners) if _may(person, "see", owner)}


def require(action: str, owner: str = LECTURER) -> str:
    """Refuse what the current person may not do; returns that person.

    Raises:
        AccessError: It is not allowed.
    """
    person = current_person()
    if person is None:
        raise AccessError("You are not in this class", remedy="Open the address of the class and join it")
    if not _may(person, action, owner):
        someone = owner not in (*LECTURERS, EVERYONE) and RULES[action].learners != "none"
        others = f"{owner} and " if someone else ""
        raise AccessError(f"Only {others}the lecturer can {RULES[action].deed}")
    return person


def free(name: str) -> None:
    """Free a name: its browser has to join again. Its runs stay, and belong to whoever takes the name next.

    Raises:
        AccessError: It is not allowed.
    """
    require("run the class")
    roster.edit(lambda now: replace(now, seats={other: seat for other, seat in now.seats.items() if other != name}))


def change(**changes: str | bool) -> None:
    """Change the `code` of the class, or whether learners are `shown` the work of each other.

    Raises:
        AccessError: It is not allowed.
    """
    require("run the class")
    roster.edit(lambda now: replace(now, **changes))


def _may(person: str | None, action: str, owner: str) -> bool:
    learners = RULES[action].learners
    if person is None or person == LECTURER:
        return person == LECTURER
    own = learners in ("own", "seen") and owner == person
    shown = owner == LECTURER or (owner != HELD_BACK and roster.read().shown)
    return own or learners == "all" or (learners == "seen" and shown)


def _nobody() -> None:
    return None


_on_behalf: ContextVar[str | None] = ContextVar("on_behalf", default=None)
_who: Callable[[], str | None] = _nobody
