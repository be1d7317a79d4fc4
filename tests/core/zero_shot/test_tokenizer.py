"""Texts to tokens: CLIP's equal to KerasHub's tokenizer on the same vocabulary, Gemma's as their file says."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from core import settings
from core.errors import WeightsError
from core.zero_shot import encoder, tokenizer
from tests.core.backbones.siglip import folder as siglip

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
    ours = tokenizer.clip(TOY)
    found = ours.encode([text], 200)[0].tolist()
    assert found == [theirs.start_token_id, *np.asarray(theirs(text)).tolist(), theirs.end_token_id]
    assert ours.counts([text]) == [len(found)]


@pytest.mark.parametrize(
    ("typed", "learned"),
    [
        ("a child’s ‘toy’", "a child's 'toy'"),  # as phones and word processors type it
        ("a “small” truck", 'a "small" truck'),
        ("a ﬁsh and a ﬂower", "a fish and a flower"),
        ("ｃａｔ　１２", "cat 12"),
        ("cats &amp; dogs", "cats & dogs"),
    ],
)
def test_clip_reads_typographic_characters_as_the_plain_ones_it_learned(typed: str, learned: str):
    ours = tokenizer.clip(TOY)
    np.testing.assert_array_equal(ours.encode([typed], 77), ours.encode([learned], 77))


def test_texts_are_padded_with_the_end_token_to_the_longest_and_cut_at_the_most():
    ours = tokenizer.clip(TOY)
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
        tokenizer.clip(tmp_path)
    shutil.copytree(TOY, tmp_path / "copy")
    (tmp_path / "copy" / "vocab.json").write_text('{"a": 0}')
    with pytest.raises(WeightsError, match=r"vocab.json .*CLIP vocabulary"):
        tokenizer.clip(tmp_path / "copy")


def test_siglips_tokens_are_those_of_its_file_in_lower_case_with_an_end_and_padding(tmp_path: Path):
    from tokenizers import Tokenizer

    siglip.vocabulary(tmp_path, 32)
    ours, texts, most = tokenizer.gemma(tmp_path, 40), ["A Cat", "a photo of a cat." * 3], 32
    theirs = Tokenizer.from_file(str(tmp_path / "tokenizer.json"))  # which pads, cuts and adds the end
    np.testing.assert_array_equal(ours.encode(texts, most), [theirs.encode(text.lower()).ids for text in texts])
    assert ours.encode(texts, most)[0, :5].tolist() == [5, 4, 33, 1, 0]  # a, space, cat, end, padding
    assert ours.counts(texts) == [4, 1 + 3 * 15]


def test_siglips_tokens_are_read_from_kerashubs_preset_too(tmp_path: Path):
    from sentencepiece import SentencePieceProcessor, SentencePieceTrainer

    path = tmp_path / "assets" / "tokenizer" / "vocabulary.spm"
    path.parent.mkdir(parents=True)
    with path.open("wb") as file:
        ids = {"pad_id": 0, "eos_id": 1, "bos_id": 2, "unk_id": 3, "minloglevel": 2}
        lines = iter(["a photo of a cat", "a photo of a dog"])
        SentencePieceTrainer.train(sentence_iterator=lines, model_writer=file, vocab_size=20, model_type="bpe", **ids)
    ours, theirs = tokenizer.gemma(tmp_path, 20), SentencePieceProcessor(model_file=str(path))
    ids = theirs.encode("a photo of a cat")
    assert ours.encode(["A Photo of a CAT"], 32)[0].tolist() == [*ids, 1, *[0] * (31 - len(ids))]


def test_a_vocabulary_of_another_model_is_not_taken_for_siglips(tmp_path: Path):
    with pytest.raises(WeightsError, match=r"tokenizer\.json is not the vocabulary of a SigLIP 2"):
        tokenizer.gemma(tmp_path, 40)
    siglip.vocabulary(tmp_path)
    with pytest.raises(WeightsError, match=r"34 words.*of 30 words"):
        tokenizer.gemma(tmp_path, 30)
