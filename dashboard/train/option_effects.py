"""What each setting does, in numbers for this run: pure functions from the config to a sentence."""

import math
from collections.abc import Sequence

from core import backbones, seeds
from core.backbones.catalog import NORM_FIRST
from core.backbones.clip import towers
from core.config import BY_EPOCH, ZERO_SHOT, RunConfig
from dashboard.train import lr_finder
from dashboard.ui import formats


def effect(name: str, config: RunConfig, n_train: int, class_counts: Sequence[int]) -> str:
    """One short sentence about the value of a field; "" if there is nothing to say.

    Args:
        n_train: Number of training images.
        class_counts: Number of images of each class in the dataset.
    """
    sentence = _SENTENCES.get(name)
    return sentence(config, max(n_train, 1), class_counts) if sentence else ""


def steps(config: RunConfig, n_train: int) -> int:
    """Steps per epoch."""
    return math.ceil(n_train / config.batch_size)


def _seeds(config: RunConfig, n_train: int, _) -> str:
    if decided := seeds.decides(config):
        return f"Runs that differ in {formats.listed(decided)}; their mean is one entry"
    if config.method == ZERO_SHOT:
        return ""
    return (
        "Nothing is drawn at random here: every seed gives the same result. With fewer training images, such as "
        f"{formats.count(round(0.8 * n_train))}, each seed draws its own"
    )


def _epochs(config: RunConfig, n_train: int, _) -> str:
    if config.method in BY_EPOCH:
        return f"{formats.count(config.epochs * steps(config, n_train), 'step')}"
    return ""


def _batch(config: RunConfig, n_train: int, _) -> str:
    if config.batch_size > n_train:
        return f":orange[More than all {formats.count(n_train, 'training image')}]"
    return f"{formats.count(steps(config, n_train), 'step')} per epoch"


def _rate(config: RunConfig, *_) -> str:
    if config.method != "finetune" or not config.head_epochs or config.start:
        return ""
    ratio = config.head_learning_rate / config.learning_rate
    return f"{ratio:,.0f} times lower than the head's" if ratio >= 1.5 else "Not lower than the head's"


def _layer_decay(config: RunConfig, *_) -> str:
    if config.layer_decay == 1:
        return "All blocks learn at the same rate"
    return (
        f"The last block learns at {config.layer_decay:g} times the head's rate, each one before it at "
        f"{config.layer_decay:g} times the next one's: early layers, which are the most general, change least. A norm "
        "after the last block learns like the head"
    )


def _batchnorm(config: RunConfig, *_) -> str:
    return "" if backbones.get(config.backbone).batchnorm else f"No effect here: {config.backbone} has no BatchNorm"


def _dropout(config: RunConfig, *_) -> str:
    wide = config.head_units or backbones.get(config.backbone).feature_dim
    what = "hidden units" if config.head_units else "features"
    if config.pooling == "flatten" and not config.head_units:
        return f"{100 * config.dropout:.0f} % of the features are dropped in each step"
    return f"{config.dropout * wide:,.0f} of {wide:,} {what} are dropped in each step" if config.dropout else "Off"


def _units(config: RunConfig, _, counts: Sequence[int]) -> str:
    if config.pooling == "flatten":
        return ""
    wide, classes = backbones.get(config.backbone).feature_dim, len(counts)
    params = (wide + 1) * classes
    if config.head_units:
        params = (wide + 1) * config.head_units + (config.head_units + 1) * classes
    return f"The head has {params:,} parameters"


def _head_epochs(config: RunConfig, *_) -> str:
    if not config.head_epochs:
        return "The backbone receives the gradients of an untrained head"
    return "Through the whole network, since images change" if config.augment else "On features computed once"


def _smoothing(config: RunConfig, _, counts: Sequence[int]) -> str:
    if not config.label_smoothing:
        return "Target for the right class: 100 %"
    return f"Target for the right class: {100 * (1 - config.label_smoothing * (1 - 1 / len(counts))):.0f} %"


def _decay(config: RunConfig, n_train: int, _) -> str:
    if not config.weight_decay:
        return "Off"
    rate = float(lr_finder.over_time(config).mean())
    left = (1 - rate * config.weight_decay) ** (config.epochs * steps(config, n_train))
    whose = "the weights" if config.layer_decay == 1 else "the head's weights"
    return f"On its own it would shrink {whose} by {100 * (1 - left):.2g} % over all epochs"


def _momentum(config: RunConfig, *_) -> str:
    if not config.momentum:
        return "Off"
    return f"In a constant direction, steps grow to {1 / (1 - config.momentum):,.3g} times their length"


def _patience(config: RunConfig, *_) -> str:
    if not config.patience:
        return "All epochs; the best one is kept"
    return f"Stops after {formats.count(config.patience, 'epoch')} in a row without a better validation accuracy"


def _classes(config: RunConfig, _, counts: Sequence[int]) -> str:
    if max(counts) == min(counts):
        return "No effect here: all classes are equally large"
    rare, common = (sum(counts) / len(counts) / n for n in (min(counts), max(counts)))
    if config.class_weights == "none":
        return f"The largest has {max(counts) / min(counts):.1f} times the images of the smallest"
    return f"An image of the smallest class counts {rare / common:.1f} times one of the largest"


def _n_train(config: RunConfig, n_train: int, counts: Sequence[int]) -> str:
    return f"{formats.count(n_train / len(counts), 'image')} per class" if config.n_train else ""


def _pooling(config: RunConfig, *_) -> str:
    if config.pooling == "flatten":
        return "The values of all positions, one after another"
    projected, spec = config.pooling == "projected", backbones.get(config.backbone)
    wide = towers.SHAPES[config.backbone].dim if projected else spec.feature_dim
    if spec.norm_follows(config.pooling):
        return f"{wide:,} features per image, then LayerNorm, as in Keras"
    if config.pooling in NORM_FIRST.values():
        return f"{wide:,} features per image; in the order of earlier versions of this program, not Keras's"
    return f"{wide:,} features per image"


def _precision(config: RunConfig, *_) -> str:
    return {
        "auto": "TF32 on a GPU, where features stay close; float32 on a CPU",
        "float32": "Exact and the same everywhere; slower on a GPU",
        "mixed": "Half the memory on a GPU, but different features; slower on most CPUs",
    }[config.precision]


_SENTENCES = {
    "seeds": _seeds,
    "epochs": _epochs,
    "batch_size": _batch,
    "learning_rate": _rate,
    "layer_decay": _layer_decay,
    "batchnorm": _batchnorm,
    "dropout": _dropout,
    "head_units": _units,
    "head_epochs": _head_epochs,
    "label_smoothing": _smoothing,
    "weight_decay": _decay,
    "momentum": _momentum,
    "patience": _patience,
    "class_weights": _classes,
    "n_train": _n_train,
    "pooling": _pooling,
    "precision": _precision,
}
