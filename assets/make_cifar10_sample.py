"""Draw the shipped sample of CIFAR-10: python assets/make_cifar10_sample.py cifar10.npz

The .npz holds CIFAR-10 in Keras's layout: the arrays x_train, y_train, x_test, y_test. 200 training and 50 test images
of every class are drawn with a seed, and keep their original order.
"""

import sys
from pathlib import Path

import numpy as np

SEED = 2009
PER_CLASS = {"train": 200, "test": 50}


def choose(labels: np.ndarray, per_class: int, rng: np.random.Generator) -> np.ndarray:
    """Rows, ascending, with `per_class` of every label."""
    drawn = [rng.choice(np.flatnonzero(labels == label), per_class, replace=False) for label in np.unique(labels)]
    return np.sort(np.concatenate(drawn))


def main(source: str) -> None:
    rng = np.random.default_rng(SEED)
    sample = {}
    with np.load(source) as arrays:
        for part, per_class in PER_CLASS.items():
            labels = arrays[f"y_{part}"].reshape(-1)
            rows = choose(labels, per_class, rng)
            sample[f"x_{part}"] = arrays[f"x_{part}"][rows]
            sample[f"y_{part}"] = labels[rows].astype(np.uint8)
    np.savez_compressed(Path(__file__).parent / "cifar10_sample.npz", **sample)


if __name__ == "__main__":
    main(sys.argv[1])
