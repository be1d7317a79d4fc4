"""The balance of classes is told in a sentence that misleads nobody."""

import pytest

from dashboard.data import samples


@pytest.mark.parametrize(
    ("least", "most", "sentence"),
    [
        (250, 250, "Every class has 250 images."),
        (5_943, 5_984, "The classes are of nearly the same size: 5,943 to 5,984 images."),
        (8, 300, "The largest class has 37.5 times the images of the smallest: 300 to 8."),
    ],
)
def test_only_a_real_imbalance_is_called_one(least: int, most: int, sentence: str):
    text = samples.balance(least, most)
    assert text.startswith(sentence)
    assert ("check each class" in text) == (most > 2 * least)
