"""Who has joined the class: `class.json` in the home folder, and the key that signs their cookies.

Learners have no accounts: with the code of the class, they join under any name that is free. The seat of a name is in
the signed cookie of its browser; a new seat for the name makes that cookie invalid.
"""

import json
import secrets
import unicodedata
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field, replace
from functools import lru_cache
from pathlib import Path

from core import settings, storage
from core.errors import AccessError, ConfigError

FILE, KEY = "class.json", "class.key"
LETTERS = "BCDFGHJKMNPQRTVWXY2346789"  # without those that look alike, and without vowels, which make words
KEY_LENGTH = 32  # bytes
CODE = 6  # characters of a code: 240 million codes
LONGEST = 40  # characters of a name
HELD_BACK = "lecturer"  # owner of images that only the lecturer may see
EVERYONE = "everyone"  # owner of images of the whole class
RESERVED = (HELD_BACK, EVERYONE)  # no learner can have these names


@dataclass(frozen=True)
class Roster:
    """The class."""

    code: str  # what learners type to join
    shown: bool = True  # learners see the runs, datasets and maps of each other
    seats: Mapping[str, str] = field(default_factory=dict)  # by name, in the order of joining


def read() -> Roster:
    """The class of this home folder; a new one if there is none. Raises ConfigError for a file that is damaged."""
    path = settings.home() / FILE
    try:
        state = path.stat()
    except (FileNotFoundError, NotADirectoryError):  # the latter where a file is the home folder, which is then said
        return _write(Roster(new_code()))
    return _parsed(path, state.st_mtime_ns, state.st_ino)


def join(code: str, name: str) -> tuple[str, str]:
    """Take a name; returns it in its final spelling, and its seat.

    Raises:
        AccessError: The code is wrong, or the name is taken or invalid.
    """
    if not is_code(code):
        raise AccessError("This is not the code of the class", "the code that the lecturer shows")
    name, seat = _clean(name), secrets.token_hex(8)

    def take(roster: Roster) -> Roster:
        if _same(name) in map(_same, (*roster.seats, *RESERVED)):
            raise AccessError(
                f"The name {name} is taken", "a name of your own", "If it is yours, ask the lecturer to free it"
            )
        return replace(roster, seats={**roster.seats, name: seat})

    edit(take)
    return name, seat


def seat(name: str) -> None:
    """Add somebody who has signed in to the names."""
    if name not in read().seats:
        edit(lambda now: replace(now, seats={name: secrets.token_hex(8), **now.seats}))


def names() -> list[str]:
    """The names of all who have joined, in the order of joining; empty before there is a class."""
    return list(read().seats) if (settings.home() / FILE).exists() else []


def is_code(text: str) -> bool:
    """Whether this is the code of the class; case, spaces and hyphens do not matter."""
    typed = "".join(character for character in text.upper() if character not in " -")
    return secrets.compare_digest(typed.encode(), read().code.encode())


def edit(change: Callable[[Roster], Roster]) -> None:
    """Replace the class by a changed one, one process at a time."""
    with _locked():
        _write(change(read()))


def new_code() -> str:
    """Another code."""
    return "".join(secrets.choice(LETTERS) for _ in range(CODE))


def key() -> bytes:
    """What cookies are signed with, made on first use; only this user can read it.

    Raises:
        ConfigError: It cannot be read or is damaged.
    """
    path = settings.folder(".") / KEY
    while not path.exists():
        with storage.replaced(path) as new:
            new.touch(mode=0o600)
            new.write_bytes(secrets.token_bytes(KEY_LENGTH))
    key = _content(path)
    if len(key) != KEY_LENGTH:  # with an empty one anybody could sign
        remedy = "Delete it to have a new one: everybody joins again"
        raise ConfigError(f"{path} is damaged", f"a key of {KEY_LENGTH} bytes", remedy)
    return key


def _clean(name: str) -> str:
    """A name without needless spaces. Raises AccessError if it is invalid."""
    name = " ".join(unicodedata.normalize("NFC", name).split())
    if not 0 < len(name) <= LONGEST or not name.isprintable() or not any(map(str.isalnum, name)):
        shown = "".join(filter(str.isprintable, name))[:LONGEST]
        raise AccessError(f"{shown or 'Nothing'} cannot be a name", f"1 to {LONGEST} letters, digits, signs and spaces")
    return name


def _same(name: str) -> str:
    """The same text for all names that a class would confuse."""
    return unicodedata.normalize("NFKC", name).casefold()


def _locked() -> AbstractContextManager[None]:
    return storage.locked(storage.lock_of(settings.folder(".") / FILE))


def _write(roster: Roster) -> Roster:
    path = settings.folder(".") / FILE
    try:
        with storage.replaced(path) as new:
            new.touch(mode=0o600)
            new.write_text(json.dumps(asdict(roster), ensure_ascii=False, indent=1), encoding="utf-8")
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be written ({error.strerror or error})", "", "Make room on its disk"
        ) from error
    return roster


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:  # of another user, or a folder
        remedy = "Read it as the user whose home folder it is, or set BACKBONE_LAB_HOME to a folder of your own"
        received = f"{path} cannot be read ({error.strerror})"
        raise ConfigError(received, "a file that this user can read", remedy) from error


@lru_cache(maxsize=1)
def _parsed(path: Path, changed: int, inode: int) -> Roster:
    try:
        return _checked(Roster(**json.loads(_content(path))))
    except (ValueError, TypeError) as error:
        raise ConfigError(f"{path} is damaged", "a list of names", "Delete it to begin a new class") from error


def _checked(roster: Roster) -> Roster:
    """The same, unless it would let anybody in: with an empty code, or an empty seat. Raises ValueError otherwise."""
    texts = [roster.code, *roster.seats, *roster.seats.values()] if isinstance(roster.seats, dict) else [None]
    if not all(isinstance(text, str) and text for text in texts) or not isinstance(roster.shown, bool):
        raise ValueError("its values are of other kinds")
    if len(roster.code) != CODE:
        raise ValueError(f"a code of {len(roster.code)} characters")
    return roster
