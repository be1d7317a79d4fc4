"""A source that cannot be is refused."""

import pytest

from core.embeddings import Source
from core.errors import BackboneError, ConfigError


@pytest.mark.parametrize(
    ("wrong", "error", "words"),
    [
        ({"images": "half"}, ConfigError, "one of all, train"),
        ({"what": "colours"}, ConfigError, "features, logits"),
        ({"pooling": "min"}, ConfigError, "avg"),
        ({"n_images": -1}, ConfigError, "0 or more"),
        ({"backbone": "MobilNet"}, BackboneError, "MobileNet"),
    ],
)
def test_a_source_that_cannot_be_says_what_could(wrong, error, words):
    with pytest.raises(error, match=words):
        Source(**wrong)
