"""Features of images: the compiled forward pass, the cache of its results, and its throughput on this machine.

cache         features from the cache; missing ones are computed
keys          what decides a feature: the key of its entry in the cache
chunks        an entry: one Zarr array, written behind the pass, each chunk checked
housekeeping  the entries listed, cleared, and the least recently used removed
shares        parts of an extraction that several workers compute at once
encoder       a backbone with every setting that affects its vectors
compiled      resize, preprocess and forward as one compiled function
inference     such functions on OpenVINO, converted once and kept
layers        the blocks of a network whose output can be used as features
throughput    images per second, as measured on this machine
estimates     how long whole tasks will take, kept beside the time they took
"""

from core.features.cache import Features, cached_sizes, extract, fill, missing, missing_from
from core.features.chunks import CHUNK
from core.features.encoder import Encoder
from core.features.housekeeping import clear, entries, evict
from core.features.keys import Key, key_of

__all__ = [
    "CHUNK",
    "Encoder",
    "Features",
    "Key",
    "cached_sizes",
    "clear",
    "entries",
    "evict",
    "extract",
    "fill",
    "key_of",
    "missing",
    "missing_from",
]
