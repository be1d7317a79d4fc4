"""What models say of one photo, against each other."""

from dataclasses import replace

import numpy as np
import pytest
import streamlit as st

from core.explain.predict import Answer
from dashboard.predict import agreement
from dashboard.ui.photo_picker import Photo


def answer(name: str) -> Answer:
    return Answer("model", (name, "other"), (0.9, 0.1), 32, 32, 0.01, 0.0)


def test_one_answer_alone_says_nothing():
    assert agreement.sentence([answer("cat")]) == ""


def test_agreement_a_majority_and_a_tie_are_told_apart():
    cat, dog, frog = answer("cat"), answer("dog"), answer("frog")
    assert agreement.sentence([cat, cat]) == "2 models for ImageNet's 1,000 classes: all say **cat**."
    assert "2 say **cat**, the other dog" in agreement.sentence([cat, dog, cat])
    assert "they disagree: cat and dog" in agreement.sentence([cat, dog], ["cat", "dog"])
    assert agreement.sentence([cat, frog], ["a", "b", "c", "d", "e"]).startswith("2 models for a, b and 3 more:")


def test_who_stands_alone_is_against_a_majority():
    cat, dog = answer("cat"), answer("dog")
    assert agreement.alone(dog, [cat, cat, dog])
    assert not agreement.alone(cat, [cat, cat, dog])
    assert not agreement.alone(dog, [cat, dog])


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ({"a": True, "b": True}, agreement.SHARED),
        ({"s": False}, agreement.BY_ITSELF),
        ({"a": True, "s": False, "b": True}, f"**A and B**: {agreement.SHARED} **S**: {agreement.BY_ITSELF}"),
    ],
)
def test_what_percentages_mean_is_said_of_each_kind_of_model(monkeypatch, answers, said):
    captions: list[str] = []
    monkeypatch.setattr(st, "caption", captions.append)
    photo = Photo(np.zeros((1, 1, 3), np.uint8), "A photo")
    group = [replace(answer("cat"), model=name, exclusive=exclusive) for name, exclusive in answers.items()]
    agreement.warn_of_strangers(photo, group, ["cat", "other"], {name: name.upper() for name in answers})
    assert captions == [said]
