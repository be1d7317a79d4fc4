"""The protocol of a run: which images it trains, validates and tests on, and one sentence that describes this."""

import re

import numpy as np

from core import backbones
from core.config import TITLES, ZERO_SHOT, RunConfig
from core.data import datasets
from core.errors import DatasetError
from core.zero_shot import prompts

TEST_SEED = 0  # the test images are the same for every seed, so that runs can be compared image by image


def choose_rows(dataset: datasets.Dataset, config: RunConfig) -> dict[str, np.ndarray]:
    """The row ids that a run trains, validates and tests on.

    With `n_train` set, validation shrinks in proportion, down to two images per class: its images are labelled too,
    and a run that chose its strength on thousands of them would not be few-shot.
    """
    splits = datasets.splits(dataset)
    rows = {"train": splits[config.train_split], "val": splits["val"], "test": splits["test"]}
    if config.method == ZERO_SHOT:
        rows["train"] = rows["val"] = np.empty(0, np.int64)
    elif config.n_train:
        share = config.n_train / len(rows["train"])
        n_val = max(round(share * len(rows["val"])), 2 * len(dataset.class_names))
        rows["train"] = _part(dataset, rows["train"], config.n_train, "training", config.seed)
        rows["val"] = _part(dataset, rows["val"], min(n_val, len(rows["val"])), "validation", config.seed)
    if config.n_test:
        rows["test"] = _part(dataset, rows["test"], config.n_test, "test", TEST_SEED)
    return rows


def describe(config: RunConfig, rows: dict[str, np.ndarray], precision: str) -> str:
    """How the accuracy was obtained, in one sentence, so that two runs can be compared."""
    pixels = "the backbone's own preprocessing" if config.preprocessing == "own" else "pixels divided by 255"
    how = TITLES[config.method]
    if config.method == ZERO_SHOT:
        count = len(prompts.templates(config.templates))
        prompt = "prompt" if count == 1 else "prompts"
        return (
            f"{how} by {count} {prompt} a class, no labelled image; tested once on "
            f"{len(rows['test']):,} of {config.dataset}; {config.input_size} px, {pixels}, {precision}"
        )
    if config.method == "finetune":
        how += f" of {unfrozen(config)}"
        how += f", BatchNorm in {config.batchnorm} mode" if backbones.get(config.backbone).batchnorm else ""
    if config.trains:
        frozen = f"{config.head_epochs} + " if config.method == "finetune" and not config.start else ""
        rate = f"{config.learning_rate:g}".replace("e-0", "e-")  # 1e-5, as pages and papers write it
        how += (
            f", {frozen}{config.epochs} epochs of {config.optimizer} at {rate}, "
            f"{f'layer-wise decay {config.layer_decay:g}, ' if config.layer_decay < 1 else ''}"
            f"batch {config.batch_size}{f', {config.augment}' if config.augment else ''}, the best epoch on validation,"
        )
    if config.teacher:
        how += (
            f" taught by run {config.teacher[:8]} (temperature {config.temperature:g}, "
            f"weight {config.teacher_weight:g}),"
        )
    return (
        f"{how} on {len(rows['train']):,} training images of {config.dataset}, "
        f"{len(rows['val']):,} for validation, tested once on {len(rows['test']):,}; "
        f"{config.input_size} px, {pixels}, {precision}, seed {config.seed}"
    )


def precision(described: str) -> str:
    """The precision that such a sentence names; "" if none."""
    match = re.search(r"\b(float32|tf32|bfloat16)\b", described)
    return match.group() if match else ""


def unfrozen(config: RunConfig) -> str:
    """What of the backbone a fine-tune trains."""
    if config.unfreeze == "all":
        return "every layer"
    if config.unfreeze == "all-but-batchnorm":
        return "everything but BatchNorm"
    if config.unfreeze_count == 1:
        return f"the last {config.unfreeze.removesuffix('s')}"
    return f"the last {config.unfreeze_count} {config.unfreeze}"


def _part(dataset: datasets.Dataset, rows: np.ndarray, n: int, split: str, seed: int) -> np.ndarray:
    if n > len(rows):
        raise DatasetError(
            f"{n:,} {split} images are too many",
            f"at most {len(rows):,}, the number in {dataset.name}",
            "Choose fewer, or 0 for all of them",
        )
    return datasets.subsample(rows, dataset.labels[rows], n, seed=seed)
