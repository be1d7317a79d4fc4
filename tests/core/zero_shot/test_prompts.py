"""Prompts: the published sets, and what a person writes."""

import pytest

from core.errors import ConfigError
from core.zero_shot import prompts


@pytest.mark.parametrize("each", prompts.SETS.values(), ids=lambda each: each.name)
def test_every_set_has_as_many_templates_as_were_published_each_with_one_place(each):
    found = prompts.of_set(each.name)
    assert len(set(found)) == len(found) == each.count
    assert prompts.templates("\n".join(found)) == found


def test_the_templates_for_cifar_are_nine_with_a_and_the_same_nine_with_the():
    found = prompts.of_set("cifar18")
    assert [line.replace(" of a ", " of the ") for line in found[:9]] == list(found[9:])


def test_a_name_goes_into_every_template_class_by_class():
    assert prompts.fill(["a {}.", "the {}."], ["cat", "dog"]) == ["a cat.", "the cat.", "a dog.", "the dog."]


def test_names_in_any_script_and_emoji_are_names():
    assert prompts.class_names("кошка\n狗\n🐸\n") == ("кошка", "狗", "🐸")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no template"),
        ("  \n\n", "no template"),
        ("a photo", "has no {}"),
        ("a {} and a {}", "2 times {}"),
        ("a {}.\na {}.", "Lines 1 and 2 .*template"),
        ("\n".join(f"{{}} {i}" for i in range(201)), "There are 201 templates"),
    ],
)
def test_templates_that_cannot_be_used_are_told_in_a_sentence(text, said):
    with pytest.raises(ConfigError, match=said.replace("{", r"\{")):
        prompts.templates(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no class name"),
        ("cat", "only one class"),
        ("cat\nCat ", "Lines 1 and 2 .*class name"),
        ("\n".join(map(str, range(10_000))), "10,000 class names"),
        ("\n".join(f"{i} {'x' * 100}" for i in range(100)), "characters long"),
    ],
)
def test_class_names_that_cannot_be_used_are_told_in_a_sentence(text, said):
    with pytest.raises(ConfigError, match=said):
        prompts.class_names(text)
