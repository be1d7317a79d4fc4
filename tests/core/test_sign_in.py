"""Who somebody is that has signed in, by their claims and the rules of the server."""

import pytest

from core import people, roster, settings, sign_in
from core.errors import AccessError, ConfigError

ADA = {"email": "ada@school.example", "email_verified": True, "groups": ["first year", "choir"]}


def rules(text: str) -> None:
    """Write sign_in.toml."""
    (settings.home() / sign_in.FILE).write_text(text, encoding="utf-8")


def test_a_learner_is_known_by_their_address_and_has_one_seat():
    assert [sign_in.person(ADA) for _ in range(2)] == ["ada@school.example"] * 2
    assert list(roster.read().seats) == ["ada@school.example"]


@pytest.mark.parametrize(
    "text",
    [
        'lecturers = ["Ada@School.example"]',
        'lecturer_claim = "groups"\nlecturer_value = "choir"',
        'lecturer_claim = "email"\nlecturer_value = "ada@school.example"',
    ],
)
def test_a_list_or_a_claim_says_who_is_a_lecturer(text):
    rules(text)
    assert sign_in.person(ADA) == people.LECTURER
    assert sign_in.person({"email": "ben@school.example"}) == "ben@school.example"


def test_an_address_counts_that_is_verified_as_a_text_or_of_which_nothing_is_said():
    for claims in (ADA | {"email_verified": "true"}, {"email": ADA["email"]}):
        assert sign_in.person(claims) == ADA["email"]


def test_another_claim_can_be_the_name():
    rules('name = "preferred_username"')
    assert sign_in.person(ADA | {"preferred_username": " Ada  L. "}) == "Ada L."


@pytest.mark.parametrize(
    "claims",
    [
        {},
        {"email": None},
        {"email": " "},
        {"email": "a\nb\x00"},
        {"email": "Lecturer"},
        {"email": "ada@school.example", "email_verified": False},
        {"email": "ada@school.example", "email_verified": "false"},
    ],
)
def test_claims_that_name_nobody_are_refused(claims):
    with pytest.raises(AccessError):
        sign_in.person(claims)
    assert not roster.read().seats


def test_nobody_is_a_lecturer_by_a_claim_that_is_not_there():
    rules('lecturer_claim = "groups"')
    assert sign_in.person({"email": "ada@school.example", "groups": [""]}) != people.LECTURER


@pytest.mark.parametrize("text", ["lecturers = ", 'lecturers = "ada"', "lecturers = [1]", "name = 3", 'boss = "ada"'])
def test_a_line_that_is_no_rule_is_named(text):
    rules(text)
    with pytest.raises(ConfigError, match=r"sign_in\.toml"):
        sign_in.person(ADA)
