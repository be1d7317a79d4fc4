"""Texts to CLIP's tokens: equal to KerasHub's tokenizer on the same vocabulary, and cut where they are too long."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from core import settings
from core.errors import WeightsError
from core.zero_shot import encoder, tokenizer

TOY = settings.ASSETS / "toy_clip"
TEXTS = [
    "a photo of a cat.",
    "A  Photo\nof an AUTOMOBILE!!!",
    "it's 1,024 px; they'll say we've ½ truck",
    "ein Hündchen, 犬 и кошка 🐶👍🏽",
    "naïve cafe\u0301",
    "frog<|endoftext|>frog",
    "",
]


@pytest.mark.parametrize("text", TEXTS)
def test_tokens_are_those_of_kerashub(text: str):
    from keras_hub.tokenizers import CLIPTokenizer

    theirs = CLIPTokenizer(str(TOY / "vocab.json"), str(TOY / "merges.txt"), pad_with_end_token=True)
    ours = tokenizer.Tokenizer(TOY)
    found = ours.encode([text], 200)[0].tolist()
    assert found == [theirs.start_token_id, *np.asarray(theirs(text)).tolist(), theirs.end_token_id]
    assert ours.counts([text]) == [len(found)]


def test_texts_are_padded_with_the_end_token_to_the_longest_and_cut_at_the_most():
    ours = tokenizer.Tokenizer(TOY)
    ids = ours.encode(["a cat", "a photo of a small cat."], 77)
    assert ids.shape[1] == ours.counts(["a photo of a small cat."])[0]
    assert set(ids[0, ours.counts(["a cat"])[0] :]) == {ours.end}
    cut = ours.encode(["truck " * 200], 77)
    assert cut.shape == (1, 77)
    assert cut[0, -1] == ours.end
    assert (cut[0, :-1] != ours.end).all()


def test_texts_that_are_cut_are_named():
    assert encoder.TextEncoder("ToyCLIP").truncated(["a cat", "truck " * 200]) == ("truck " * 200,)


def test_a_vocabulary_that_is_none_says_so(tmp_path: Path):
    with pytest.raises(WeightsError, match="has no vocabulary"):
        tokenizer.Tokenizer(tmp_path)
    shutil.copytree(TOY, tmp_path / "copy")
    (tmp_path / "copy" / "vocab.json").write_text('{"a": 0}')
    with pytest.raises(WeightsError, match=r"vocab.json .*CLIP vocabulary"):
        tokenizer.Tokenizer(tmp_path / "copy")
