"""Texts to the tokens of a text tower: CLIP's, or Gemma's as SigLIP 2 reads them.

Uses only the libraries `tokenizers` and `sentencepiece`, and the vocabulary next to a model's weights.
"""

import json
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from html import unescape
from pathlib import Path
from typing import Any

import numpy as np

from core import settings, storage
from core.backbones import checkpoints
from core.backbones.catalog import TOKENIZER
from core.errors import WeightsError

START, END = "<|startoftext|>", "<|endoftext|>"  # CLIP's
_WORDS = r"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"
_LIGATURES, _WIDE = range(0xFB00, 0xFB07), range(0xFF01, 0xFFF0)
_PLAIN = {
    **{place: unicodedata.normalize("NFKC", chr(place)) for place in (0x3000, *_LIGATURES, *_WIDE)},
    **dict.fromkeys((0x2BC, *range(0x2018, 0x201C)), "'"),
    **dict.fromkeys(range(0x201C, 0x2020), '"'),
}


@dataclass(frozen=True)
class Tokenizer:
    """Converts texts to token ids."""

    pieces: Callable[[list[str]], list[list[int]]]  # ids of each text, without what is put around it
    start: tuple[int, ...]  # in front of it
    end: int  # behind it
    padding: int | None  # up to the length of the tower; None: the end token, up to the longest text

    def counts(self, texts: Sequence[str]) -> list[int]:
        """The number of tokens of each text, with start and end, before truncation and padding."""
        return [len(self.start) + len(ids) + 1 for ids in self.pieces(list(texts))]

    def encode(self, texts: Sequence[str], most: int) -> np.ndarray:
        """Token ids (n, t) int32: start, text, end, padding; at most `most`, and so many if there is a padding token.

        CLIP's end token has the largest id, and its text tower is read at its first occurrence, so the amount of
        padding does not matter. SigLIP's is read at the last place, and attends to the padding, as it was trained.
        """
        room = most - len(self.start) - 1
        rows = [[*self.start, *ids[:room], self.end] for ids in self.pieces(list(texts))]
        length = max(map(len, rows), default=2) if self.padding is None else most
        encoded = np.full((len(rows), length), self.end if self.padding is None else self.padding, np.int32)
        for row, tokens in zip(encoded, rows, strict=True):
            row[: len(tokens)] = tokens
        return encoded


@lru_cache(maxsize=4)
def clip(folder: Path) -> Tokenizer:
    """The tokenizer in a folder of a CLIP: plain characters in lower case, byte-pair encoded.

    Raises:
        WeightsError: The two files are missing, or are not a CLIP vocabulary.
    """
    from tokenizers import Regex, models, normalizers, pre_tokenizers
    from tokenizers import Tokenizer as Library

    words, merges = checkpoints.vocabulary(folder)
    try:
        vocabulary = json.loads(words.read_text(encoding="utf-8"))
        lines = merges.read_text(encoding="utf-8").split("\n")
        pairs: Any = [tuple(line.split(" ")) for line in lines if line and not line.startswith("#version")]
        start, end = vocabulary[START], vocabulary[END]
        if end != max(vocabulary.values()):  # where the text tower reads
            raise ValueError(f"{END} is not the word with the largest id")
        model = models.BPE(vocabulary, pairs, end_of_word_suffix="</w>", unk_token=END, fuse_unk=False)
    except Exception as error:  # the library raises plain Exceptions
        raise WeightsError(
            f"{words} and {merges.name} are not a CLIP vocabulary ({error})",
            f"words with {START} and {END}, and their merges",
            "Copy both files from the model's folder again",
        ) from error
    library = Library(model)
    library.add_special_tokens([START, END])
    library.normalizer = normalizers.Sequence(
        [normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()]
    )
    library.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(_WORDS), behavior="removed", invert=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False),
        ]
    )
    return Tokenizer(
        lambda texts: [each.ids for each in library.encode_batch([*map(_plain, texts)])], (start,), end, None
    )


def _plain(text: str) -> str:
    """The text as CLIP's were before it learned them: straight quotes, no ligatures, wide letters or HTML entities.

    This is what ftfy does for OpenAI's CLIP and open_clip to texts that are not damaged, as far as tokens differ.
    """
    return unescape(unescape(text)).translate(_PLAIN)


@lru_cache(maxsize=2)
def gemma(folder: Path, words: int) -> Tokenizer:
    """The tokenizer in a folder of a SigLIP 2: Gemma's, of texts in lower case, as Transformers' `Siglip2Tokenizer`.

    Args:
        words: How many the text tower knows.

    Raises:
        WeightsError: The file is missing, or is not Gemma's vocabulary.
    """
    path = folder / "assets" / "tokenizer" / "vocabulary.spm"  # of KerasHub
    read = _sentencepiece
    if not storage.is_file(path):
        path, read = checkpoints.file(folder, TOKENIZER), _hugging_face
    try:
        pieces, size, padding, end = read(path)
        if size > words or padding is None or end is None:
            raise ValueError(f"{size:,} words")
    except Exception as error:  # the libraries raise plain Exceptions
        raise WeightsError(
            f"{path} is not the vocabulary of a SigLIP 2 ({error})",
            f"Gemma's, of {words:,} words, with <pad> and <eos>",
            "Copy the file from the model's folder again",
        ) from error
    return Tokenizer(lambda texts: pieces([text.lower() for text in texts]), (), end, padding)


_Words = tuple[Callable[[list[str]], list[list[int]]], int, int | None, int | None]
"""How texts become ids; the number of words; the ids of padding and end."""


def _hugging_face(path: Path) -> _Words:
    from tokenizers import Tokenizer as Library

    library = Library.from_str(path.read_text(encoding="utf-8"))
    library.no_padding()
    library.no_truncation()

    def pieces(texts: list[str]) -> list[list[int]]:
        return [each.ids for each in library.encode_batch(texts, add_special_tokens=False)]

    return pieces, library.get_vocab_size(), library.token_to_id("<pad>"), library.token_to_id("<eos>")


def _sentencepiece(path: Path) -> _Words:
    from sentencepiece import SentencePieceProcessor

    library = SentencePieceProcessor(model_proto=path.read_bytes())
    padding, end = (index if index >= 0 else None for index in (library.pad_id(), library.eos_id()))
    return library.encode, library.get_piece_size(), padding, end


def untrained(like: str) -> Tokenizer:
    """A tokenizer for untrained networks, which are used for timing: the toy's words, as CLIP or as SigLIP."""
    toy = clip(settings.ASSETS / "toy_clip")
    return toy if like == "clip" else replace(toy, start=(), padding=0)
