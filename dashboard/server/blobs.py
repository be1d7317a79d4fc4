"""Bytes that browsers fetch by the digest of their content, so that each browser fetches them once."""

import hashlib
import threading

from cachetools import LRUCache

from dashboard.server.once import once

BUDGET = 256_000_000  # bytes; a column of 60,000 images takes 240,000 at most


class Blobs:
    """Bytes by their digest; the least recently used are dropped when the budget is spent."""

    def __init__(self, budget: int = BUDGET):
        self._kept: LRUCache[str, bytes] = LRUCache(budget, getsizeof=len)
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._kept)

    def put(self, content: bytes) -> str:
        """Keep bytes of at most the budget, and return their digest."""
        digest = hashlib.blake2b(content, digest_size=8).hexdigest()
        with self._lock:
            self._kept[digest] = content
        return digest

    def get(self, digest: str) -> bytes | None:
        """The bytes, or None if they are no longer kept."""
        with self._lock:
            return self._kept.get(digest)


@once
def shared() -> Blobs:
    """One for all visitors, who share the arrays of a map."""
    return Blobs()
