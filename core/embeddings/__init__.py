"""Embeddings: the vectors of images from which maps, neighbour lists and probes are computed.

    a pretrained backbone              features, or the output of one of its blocks (`features.layers`)
    a run that trained its network     the same from the trained network, and its logits
    a probe                            the same from its backbone, and its logits

    Source                             which vectors of which images, as plain values
    resolve(source) -> Resolved        its dataset, run and encoder, looked up once

A `Resolved` has `rows` (the images), `values` (their vectors, from the feature cache) and `digest`, which covers
everything that affects the vectors. Only `values` and `of_pictures` need Keras.

source      which vectors of which images, as plain values
samples     datasets and samples of their rows, kept
networks    the network that computes the vectors
resolved    a source with its dataset, run and encoder
"""

from core.embeddings.resolved import Resolved, digest, missing, network, resolve, title, values
from core.embeddings.samples import rows
from core.embeddings.source import ENCODER, IMAGES, WHAT, Source

__all__ = [
    "ENCODER",
    "IMAGES",
    "WHAT",
    "Resolved",
    "Source",
    "digest",
    "missing",
    "network",
    "resolve",
    "rows",
    "title",
    "values",
]
