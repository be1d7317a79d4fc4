"""Splits: named sets of rows, drawn at random from a seed and stratified by class."""

from collections.abc import Sequence

import numpy as np

from core.errors import DatasetError

TEST, VAL, PROBE = 0.2, 0.1, 0.2  # fractions of all images, of the remaining training images, and of train

#     all ──┬─ test        the source's own, else 20 %
#           └─ training ──┬─ val      the source's own, else 10 %
#                         └─ train ──┬─ probe20      the book's 20 %
#                                    └─ finetune80   and its 80 %


def named(labels: np.ndarray, official: np.ndarray, *, seed: int) -> dict[str, np.ndarray]:
    """Ascending rows `int64` of train, val, test, probe20 and finetune80.

    Args:
        labels: `(n,) int64`.
        official: `(n,) str`, the source's own split of each row: "train", "val", "test", or "" if it has none.
        seed: The same seed gives the same rows.
    """
    rng = np.random.default_rng(seed)
    own = {split: np.flatnonzero(official == split) for split in ("val", "test")}
    training = np.flatnonzero(~np.isin(official, ("val", "test")))
    test, training = (own["test"], training) if len(own["test"]) else _cut(training, labels, TEST, rng)
    val, train = (own["val"], training) if len(own["val"]) else _cut(training, labels, VAL, rng)
    probe, finetune = _cut(train, labels, PROBE, rng)
    return {"train": train, "val": val, "test": test, "probe20": probe, "finetune80": finetune}


def subsample(rows: np.ndarray, labels: np.ndarray, n: int, *, seed: int) -> np.ndarray:
    """Draw a stratified subset of `n` rows; a smaller subset is always a prefix of a larger one.

    The first rows are one of each class, so that a head can be trained on as few images as there are classes.

    Args:
        rows: `(m,) int64` row ids.
        labels: `(m,) int64`, the labels of these rows.
        n: 1 to m.
        seed: The same seed gives the same order.

    Raises:
        DatasetError: `n` is not 1 to m.
    """
    if labels.shape != rows.shape:
        raise ValueError(f"{labels.shape} labels for {rows.shape} rows")
    if not 1 <= n <= len(rows):
        raise DatasetError(f"{n:,} of {len(rows):,} images requested", f"a number from 1 to {len(rows):,}")
    order = np.random.default_rng(seed).permutation(len(rows))
    rows, labels = rows[order], labels[order]
    by_class = np.argsort(labels, kind="stable")  # stable, so that the order within a class stays random
    _, first, counts = np.unique(labels[by_class], return_index=True, return_counts=True)
    quantile = np.empty(len(rows))  # position within the class: 0 for its first row, nearly 1 for its last
    quantile[by_class] = (np.arange(len(rows)) - np.repeat(first, counts)) / np.repeat(counts, counts)
    return rows[np.argsort(quantile, kind="stable")[:n]]


def check(labels: np.ndarray, official: np.ndarray, class_names: Sequence[str]) -> None:
    """Check that every split will contain every class.

    Raises:
        DatasetError: There are fewer than two classes, or a class has too few images.
    """
    if len(class_names) < 2:
        received = f"only the class {class_names[0]!r}" if class_names else "no class"
        raise DatasetError(f"There is {received}", "at least two classes, each a folder of images")
    needed = {"training": 2}  # one image for each of probe20 and finetune80
    for split in ("val", "test"):
        if np.any(official == split):
            needed[split] = 1
        else:
            needed["training"] += 1
    for split, least in needed.items():
        chosen = labels[official == split] if split != "training" else labels[~np.isin(official, ("val", "test"))]
        counts = np.bincount(chosen, minlength=len(class_names))
        if counts.min() < least:
            name = class_names[int(counts.argmin())]
            raise DatasetError(
                f"The class {name!r} has {_images(counts.min())} for {split}",
                f"at least {least} in every class, so that each split has one",
                "Add images to the class or leave it out",
            )


def _cut(rows: np.ndarray, labels: np.ndarray, share: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Divide `rows` into a share of every class and the rest."""
    _, codes, counts = np.unique(labels[rows], return_inverse=True, return_counts=True)
    parts = [rng.permutation(rows[codes == code])[:quota] for code, quota in enumerate(_quotas(counts, share))]
    taken = np.sort(np.concatenate(parts))
    return taken, np.setdiff1d(rows, taken)


def _quotas(counts: np.ndarray, share: float) -> np.ndarray:
    """Images per class: largest-remainder rounding, so that the total is right, and at least one."""
    exact = counts * share
    quotas = np.maximum(np.floor(exact + 1e-9), 1).astype(int)
    missing = max(round(exact.sum()) - quotas.sum(), 0)
    quotas[np.argsort(quotas - exact, kind="stable")[:missing]] += 1
    return quotas


def _images(count: int) -> str:
    return "1 image" if count == 1 else f"{count:,} images"
