"""Bytes for browsers, kept by the digest of their content: sent once to each, whoever looks and however often."""

import hashlib
import threading
from collections import OrderedDict

BUDGET = 256_000_000  # bytes; a column of 60,000 images takes 240,000 at most


class Parcels:
    """Bytes by their digest; those that were not asked for longest go when the budget is spent."""

    def __init__(self, budget: int = BUDGET):
        self._budget, self._size = budget, 0
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._kept)

    def put(self, content: bytes) -> str:
        """Keep bytes; returns their digest."""
        digest = hashlib.blake2b(content, digest_size=8).hexdigest()
        with self._lock:
            if digest not in self._kept:
                self._kept[digest] = content
                self._size += len(content)
            self._kept.move_to_end(digest)
            while self._size > self._budget and len(self._kept) > 1:
                self._size -= len(self._kept.popitem(last=False)[1])
        return digest

    def get(self, digest: str) -> bytes | None:
        """The bytes, or None where they are not kept any more."""
        with self._lock:
            if digest in self._kept:
                self._kept.move_to_end(digest)
            return self._kept.get(digest)
