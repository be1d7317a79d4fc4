"""Features of images: the compiled forward pass, the cache of its results, and how fast it runs here.

cache        features from the cache, computed where they are missing
encoder      a backbone with all that decides about its vectors
compiled     resize, preprocess and forward as one compiled function
layers       the blocks of a network whose output can be read
throughput   images per second, as measured on this machine
"""

from core.features.cache import (
    CHUNK,
    Features,
    Key,
    clear,
    entries,
    evict,
    extract,
    fill,
    key_of,
    missing,
    missing_from,
)
from core.features.encoder import Encoder

__all__ = [
    "CHUNK",
    "Encoder",
    "Features",
    "Key",
    "clear",
    "entries",
    "evict",
    "extract",
    "fill",
    "key_of",
    "missing",
    "missing_from",
]
