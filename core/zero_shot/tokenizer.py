"""CLIP's tokens of a text: lower case, byte-pair encoded, with a start and an end token, at most 77.

Uses only the library `tokenizers` and the two vocabulary files next to a model's weights.
"""

import json
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from core.backbones import checkpoints
from core.errors import WeightsError

START, END = "<|startoftext|>", "<|endoftext|>"
_WORDS = r"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"


class Tokenizer:
    """Converts texts to token ids."""

    def __init__(self, folder: Path):
        """
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
            self.start, self.end = vocabulary[START], vocabulary[END]
            if self.end != max(vocabulary.values()):  # where the text tower reads
                raise ValueError(f"{END} is not the word with the largest id")
            model = models.BPE(vocabulary, pairs, end_of_word_suffix="</w>", unk_token=END, fuse_unk=False)
        except Exception as error:  # the library raises plain Exceptions
            raise WeightsError(
                f"{words} and {merges.name} are not a CLIP vocabulary ({error})",
                f"words with {START} and {END}, and their merges",
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
        """The number of tokens of each text, with start and end, before truncation."""
        return [len(encoding.ids) + 2 for encoding in self._library.encode_batch(list(texts))]

    def encode(self, texts: Sequence[str], most: int) -> np.ndarray:
        """Token ids (n, t) int32: start, text, end, padded with end tokens; t is the longest length, at most `most`.

        The end token has the largest id, and the text tower is read at its first occurrence, so the amount of padding
        does not matter.
        """
        encodings = self._library.encode_batch(list(texts))
        rows = [[self.start, *encoding.ids[: most - 2], self.end] for encoding in encodings]
        ids = np.full((len(rows), max(map(len, rows), default=2)), self.end, np.int32)
        for row, tokens in zip(ids, rows, strict=True):
            row[: len(tokens)] = tokens
        return ids


@lru_cache(maxsize=4)
def of(folder: Path) -> Tokenizer:
    """The tokenizer of a weights folder, cached."""
    return Tokenizer(folder)
