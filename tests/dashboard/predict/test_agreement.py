"""What models say of one photo, against each other."""

from core.explain.predict import Answer
from dashboard.predict import agreement


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
