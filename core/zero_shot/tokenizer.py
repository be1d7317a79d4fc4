"""Texts to the tokens CLIP was trained on: lower case, byte pairs, a start and an end, at most 77.

By the library `tokenizers` alone, from the two files that lie beside a model's weights.
"""

import json
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np

from core.backbones.clip import checkpoints
from core.errors import WeightsError

START, END = "<|startoftext|>", "<|endoftext|>"
_WORDS = r"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"


class Tokenizer:
    """From texts to token ids."""

    def __init__(self, folder: Path):
        """
        Raises:
            WeightsError: The two files are missing, or are no vocabulary of CLIP.
        """
        from tokenizers import Regex, models, normalizers, pre_tokenizers
        from tokenizers import Tokenizer as Library

        words, merges = checkpoints.vocabulary(folder)
        try:
            vocabulary = json.loads(words.read_text(encoding="utf-8"))
            lines = merges.read_text(encoding="utf-8").split("\n")
            pairs = [tuple(line.split(" ")) for line in lines if line and not line.startswith("#version")]
            self.start, self.end = vocabulary[START], vocabulary[END]
            model = models.BPE(vocabulary, pairs, end_of_word_suffix="</w>", unk_token=END, fuse_unk=False)
        except Exception as error:  # the library raises bare ones
            raise WeightsError(
                f"{words} and {merges.name} are no vocabulary of CLIP ({error})",
                f"words with {START} and {END}, and merges of them",
                "Copy both files from the model's folder again",
            ) from error
        self._library = Library(model)
        self._library.add_special_tokens([START, END])
        self._library.normalizer = normalizers.Sequence(
            [normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()]
        )
        self._library.pre_tokenizer = pre_tokenizers.Sequence(
            [
                pre_tokenizers.Split(Regex(_WORDS), behavior="removed", invert=True),
                pre_tokenizers.ByteLevel(add_prefix_space=False),
            ]
        )

    def counts(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text with start and end, before any is cut off."""
        return [len(each.ids) + 2 for each in self._library.encode_batch(list(texts))]

    def encode(self, texts: Sequence[str], most: int) -> np.ndarray:
        """Token ids (n, t) int32: start, text, end, then ends as padding; t is that of the longest, at most `most`.

        The end token is the largest id and its first occurrence is where the text tower is read, so that neither the
        padding nor how much of it there is makes a difference.
        """
        rows = [[self.start, *each.ids[: most - 2], self.end] for each in self._library.encode_batch(list(texts))]
        ids = np.full((len(rows), max(map(len, rows), default=2)), self.end, np.int32)
        for row, tokens in zip(ids, rows, strict=True):
            row[: len(tokens)] = tokens
        return ids


@lru_cache(maxsize=4)
def of(folder: Path) -> Tokenizer:
    """The tokenizer of a folder with weights, kept."""
    return Tokenizer(folder)
