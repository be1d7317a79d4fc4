"""Who somebody is that signs in elsewhere, by what the provider or the proxy says of them: their claims.

`sign_in.toml` in the home folder says which claim is the name, and who is a lecturer:

    lecturers = ["grace@school.example"]
    lecturer_claim = "groups"                # or whoever has this claim,
    lecturer_value = "teachers"              # with this value, or with it among its values
"""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from core import people, roster, settings
from core.errors import AccessError, ConfigError

FILE = "sign_in.toml"


@dataclass(frozen=True)
class SignIn:
    """How those who sign in are known."""

    name: str = "email"  # the claim that is their name in the class: another for everyone, and not theirs to choose
    lecturers: tuple[str, ...] = ()  # names
    lecturer_claim: str = ""
    lecturer_value: str = ""


def read() -> SignIn:
    """How those who sign in are known on this server.

    Raises:
        ConfigError: The file cannot be read, or a line of it is unknown.
    """
    given = settings.table(FILE, 'lines such as `lecturers = ["grace@school.example"]`')
    kinds = {field.name: list if field.name == "lecturers" else str for field in fields(SignIn)}
    for name, value in given.items():
        texts = value if isinstance(value, list) else [value]
        if not isinstance(value, kinds.get(name, ())) or not all(isinstance(text, str) for text in texts):
            expected = f"a text for {', '.join(kinds)}; for lecturers a list of them"
            raise ConfigError(
                f"{settings.home() / FILE} has the line {name} = {value!r}", expected, "Change or remove it"
            )
    return SignIn(lecturers=tuple(given.pop("lecturers", ())), **given)


def person(claims: Mapping[str, Any]) -> str:
    """The person with these claims: `people.LECTURER`, or a learner, who has a seat in the class from now on.

    Raises:
        AccessError: They do not say.
        ConfigError: See `read`.
    """
    rule = read()
    name = " ".join(unicodedata.normalize("NFC", str(claims.get(rule.name) or "")).split())
    if not name or not name.isprintable() or name.casefold() in roster.RESERVED:
        raise AccessError(f"Signing in gave no {rule.name}", f"the claim that {FILE} calls the name of a person")
    if rule.name == "email" and str(claims.get("email_verified", True)).casefold() != "true":
        raise AccessError(f"The address {name} is not verified", "one that the provider has verified")
    if name.casefold() in map(str.casefold, rule.lecturers) or _has(claims, rule.lecturer_claim, rule.lecturer_value):
        return people.LECTURER
    roster.seat(name)
    return name


def _has(claims: Mapping[str, Any], claim: str, value: str) -> bool:
    """Whether a claim, one text or several, has a value."""
    given = claims.get(claim) if claim and value else None
    return value in (given if isinstance(given, list | tuple) else [given])
