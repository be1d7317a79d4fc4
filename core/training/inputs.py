"""Training inputs: batches of images or of cached activations, in a reproducible order.

The order of an epoch and the augmentation of an image depend only on the seed, the epoch and the position of the
image, so training resumed in the middle of an epoch sees the same inputs as uninterrupted training.
"""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from core import hardware
from core.data import images

AHEAD = 4  # batches prepared while the device works on one
THREADS = 4  # at most, for augmentation


@dataclass(frozen=True, eq=False)
class Pictures:
    """Images of a dataset, read and augmented on demand."""

    images: np.ndarray  # (n, s, s, 3) uint8; may be memory-mapped
    rows: np.ndarray  # (m,) the rows to train on
    kinds: tuple[str, ...] = ()  # of `images.augment`

    def __len__(self) -> int:
        return len(self.rows)

    def take(self, positions: np.ndarray, seed: tuple[int, ...] = ()) -> np.ndarray:
        """Images (b, s, s, 3) uint8 at these positions of the rows; augmented if there is a seed."""
        taken = self.images[self.rows[positions]]
        return images.augment(taken, self.kinds, np.random.default_rng(seed)) if seed and self.kinds else taken


@dataclass(frozen=True, eq=False)
class Activations:
    """The output of the frozen front for each image, one array per tensor; may be memory-mapped."""

    arrays: tuple[np.ndarray, ...]  # each (m, ...) float32

    def __len__(self) -> int:
        return len(self.arrays[0])

    def take(self, positions: np.ndarray, seed: tuple[int, ...] = ()) -> np.ndarray | tuple[np.ndarray, ...]:
        """The activations at these positions: an array, or a tuple of arrays."""
        taken = tuple(array[positions] for array in self.arrays)
        first, *others = taken
        return taken if others else first


Source = Pictures | Activations


def order(count: int, seed: tuple[int, ...]) -> np.ndarray:
    """The positions 0 to count - 1, shuffled."""
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
        targets: (m, c) float32, one row per position of the source.
        weights: (m,) float32, the weight of each image in the loss.
        seed: Determines order and augmentation; different for every epoch.
        start: How many images of the epoch were already seen.
    """
    positions = order(len(source), seed)

    def batch(begin: int) -> tuple:
        chosen = positions[begin : begin + batch_size]
        inputs = (source.take(chosen, (*seed, begin)), targets[chosen])
        return inputs if weights is None else (*inputs, weights[chosen])

    begins = range(start, len(source), batch_size)
    if isinstance(source, Pictures) and source.kinds:
        yield from _ahead(batch, begins)
    else:
        yield from map(batch, begins)


def _ahead(batch, begins: range) -> Iterator[tuple]:
    """The batches in order, prepared by threads: NumPy releases the GIL."""
    with ThreadPoolExecutor(min(THREADS, hardware.describe()["cores"])) as pool:
        waiting: deque = deque()
        for begin in begins:
            waiting.append(pool.submit(batch, begin))
            if len(waiting) > AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
