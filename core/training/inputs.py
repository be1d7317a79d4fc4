"""What training is fed with: batches of images or of cached activations, in an order that can be gone on with.

The order of an epoch and the augmentation of an image follow from the seed, the epoch and the image's place alone, so
a training that goes on in the middle of an epoch sees what an unbroken one would have seen.
"""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from core import hardware
from core.data import images

AHEAD = 4  # batches that are prepared while the device works on one
THREADS = 4  # at most, for augmentation


@dataclass(frozen=True, eq=False)
class Pictures:
    """Images of a dataset, read when they are needed and augmented there."""

    images: np.ndarray  # (n, s, s, 3) uint8; may be mapped from disk
    rows: np.ndarray  # (m,) the ones to train on
    kinds: tuple[str, ...] = ()  # of `images.augment`

    def __len__(self) -> int:
        return len(self.rows)

    def take(self, places: np.ndarray, seed: tuple[int, ...] = ()) -> np.ndarray:
        """Images (b, s, s, 3) uint8 at these places of the rows; augmented when there is a seed."""
        taken = self.images[self.rows[places]]
        return images.augment(taken, self.kinds, np.random.default_rng(seed)) if seed and self.kinds else taken


@dataclass(frozen=True, eq=False)
class Activations:
    """What a frozen part of the network gave for each image, one array for each tensor; may be mapped from disk."""

    arrays: tuple[np.ndarray, ...]  # each (m, ...) float32

    def __len__(self) -> int:
        return len(self.arrays[0])

    def take(self, places: np.ndarray, seed: tuple[int, ...] = ()) -> np.ndarray | tuple[np.ndarray, ...]:
        """The activations at these places, one array or a tuple of arrays."""
        taken = tuple(array[places] for array in self.arrays)
        return taken if len(taken) > 1 else taken[0]


Source = Pictures | Activations


def order(count: int, seed: tuple[int, ...]) -> np.ndarray:
    """The places 0 to count - 1, shuffled."""
    return np.random.default_rng(seed).permutation(count)


def stream(
    source: Source,
    targets: np.ndarray,
    weights: np.ndarray | None,
    *,
    batch_size: int,
    seed: tuple[int, ...],
    start: int = 0,
) -> Iterator[tuple]:
    """One epoch of (inputs, targets (b, c)) or (inputs, targets, weights (b,)); the last batch may be smaller.

    Args:
        targets: (m, c) float32, a row for each place of the source.
        weights: (m,) float32, of the images in the loss.
        seed: Decides about the order and the augmentation; another one for every epoch.
        start: Images of the epoch that were seen already.
    """
    places = order(len(source), seed)

    def batch(begin: int) -> tuple:
        chosen = places[begin : begin + batch_size]
        told = (source.take(chosen, (*seed, begin)), targets[chosen])
        return told if weights is None else (*told, weights[chosen])

    begins = range(start, len(source), batch_size)
    if isinstance(source, Pictures) and source.kinds:
        yield from _ahead(batch, begins)
    else:
        yield from map(batch, begins)


def _ahead(batch, begins: range) -> Iterator[tuple]:
    """The batches in order, prepared by threads: NumPy works outside Python's lock."""
    with ThreadPoolExecutor(min(THREADS, hardware.describe()["cores"])) as pool:
        waiting: deque = deque()
        for begin in begins:
            waiting.append(pool.submit(batch, begin))
            if len(waiting) > AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
