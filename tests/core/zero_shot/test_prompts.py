"""Prompts: the published sets, and what a person writes."""

import pytest

from core.data import cifar
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


@pytest.mark.parametrize(
    ("name", "phrase"),
    [
        ("airplane", "an airplane"),
        ("cat", "a cat"),
        ("aquarium_fish", "an aquarium fish"),
        ("001.Black_footed_Albatross", "a Black footed Albatross"),
        ("n02085620-Airedale", "an Airedale"),
        ("2_wheeler", "a 2 wheeler"),
        ("007", "a 007"),
        ("polar__bear_", "a polar bear"),
        ("Äpfel", "an Äpfel"),
        ("ñandú", "a ñandú"),
        ("hourglass", "an hourglass"),
        ("honeycomb", "a honeycomb"),
        ("unicorn", "a unicorn"),
        ("umbrella", "an umbrella"),
        ("ukulele", "a ukulele"),
        ("one-way street", "a one-way street"),
        ("Egyptian cat", "an Egyptian cat"),
        ("European robin", "a European robin"),
        ("X-ray", "an X-ray"),
        ("U-boat", "a U-boat"),
        ("8-ball", "an 8-ball"),
        ("4x4", "a 4x4"),
        ("NORMAL", "a NORMAL"),
        ("狗", "a 狗"),
        ("_", "a _"),
    ],
)
def test_a_template_with_an_article_is_english_with_every_name(name, phrase):
    assert prompts.fill(["a photo of a {}."], [name]) == [f"a photo of {phrase}."]
    assert prompts.fill(["an {} in a game"], [name]) == [f"{phrase} in a game"]
    assert prompts.fill(["A {}"], [name]) == [f"A{phrase[1:]}"]
    assert prompts.fill(["the {}, a", "itap of my{}"], ["airplane"]) == ["the airplane, a", "itap of myairplane"]


def test_every_class_of_cifar_100_is_asked_for_without_underscores():
    texts = prompts.fill(prompts.of_set("cifar18"), cifar.CIFAR["cifar100"].class_names)
    assert len(texts) == 1800 and not any("_" in text for text in texts)
    assert "a photo of an aquarium fish." in texts and "a photo of a lawn mower." in texts


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


def test_the_longest_prompts_are_what_the_run_store_takes_whole():
    from mlflow.utils import validation

    assert prompts.MOST_CHARACTERS == validation.MAX_PARAM_VAL_LENGTH
