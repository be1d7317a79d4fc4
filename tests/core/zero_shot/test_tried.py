"""Prompts that were tried: whose they are, which are kept, and which is best."""

import pytest

from core import people, roster
from core.errors import AccessError
from core.zero_shot import tried
from core.zero_shot.tried import Prompts

SET = "0123456789abcdef"  # the fingerprint of a dataset


@pytest.fixture(autouse=True)
def a_class(home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BACKBONE_LAB_MODE", "class")
    for name in ("Ada", "Ben"):
        roster.join(roster.read().code, name)


def keep(person: str, template: str, right: int = 50) -> None:
    with people.acting_as(person):
        tried.keep(SET, Prompts("ToyCLIP", ("cat", "dog"), (template,), right, 100))


def test_each_persons_prompts_are_kept_once_and_theirs_whatever_they_claim(monkeypatch):
    for person in ("Ada", people.LECTURER, "Ada"):
        keep(person, "a {}")
    with people.acting_as("Ben"):
        tried.keep(SET, Prompts("ToyCLIP", ("cat", "dog"), ("the {}",), 1, 100, person="Ada"))
    assert [(each.person, each.templates) for each in tried.of(SET)] == [
        ("Ada", ("a {}",)),
        (people.LECTURER, ("a {}",)),
        ("Ben", ("the {}",)),
    ]
    assert tried.of("another") == []
    monkeypatch.setattr(tried, "MOST", 2)
    keep("Ben", "b {}")
    keep("Ben", "c {}")
    assert [each.templates[0] for each in tried.of(SET) if each.person == "Ben"] == ["b {}", "c {}"]
    with pytest.raises(AccessError):
        tried.keep(SET, Prompts("ToyCLIP", ("cat", "dog"), ("x {}",), 1, 100))


def test_of_several_people_the_best_of_each_is_ranked_and_of_the_same_prompts_whoever_was_first():
    for right, template in ((60, "a {}"), (70, "the {}"), (50, "one {}")):
        keep("Ada", template, right)
    assert [each.right for each in tried.ranked(tried.of(SET))] == [70, 60, 50], "of one person all"
    keep("Ben", "one {}", 50)
    keep("Ben", "my {}", 40)
    keep(people.LECTURER, "the {}", 70)
    ranking = tried.ranked(tried.of(SET))
    assert [(each.person, each.templates[0]) for each in ranking] == [("Ada", "the {}"), ("Ben", "one {}")]
    assert ranking[0].accuracy.low < 0.7 < ranking[0].accuracy.high
