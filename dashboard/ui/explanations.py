"""How the architecture explains the difference between two runs, and what of it is not the architecture."""

from collections.abc import Callable, Sequence
from math import isnan

from core.backbones import BACKBONES, PUBLISHED, Backbone
from core.config import PREPROCESSINGS, TITLES, TRAIN_SPLITS, RunConfig
from core.evaluation import explanation
from core.runs import RunRow
from dashboard.ui import formats, run_labels

Macs = Callable[[str, int], int | None]  # backbone, input size


def sentences(runs: Sequence[RunRow], macs: Macs) -> tuple[str, ...]:
    """Costs, what may cost accuracy, and what is not the architecture, of the two runs that tell most about it."""
    known = [run for run in runs if run.config.backbone in BACKBONES]
    pair = explanation.pair(known)
    if not pair:
        return ("Run a second backbone to see the effect of the architecture.",)
    first, second = pair
    if first.config.backbone == second.config.backbone:
        one, other = run_labels.two(first, second)
        differences = formats.listed(_differences(first.config, second.config) or ["nothing but chance"])
        return (f"Not at all: every run here uses {first.config.backbone}. {one} and {other} differ in {differences}.",)
    return (_time(first, second, macs), _accuracy(first, second), _not_the_architecture(first, second))


def fair_run(runs: Sequence[RunRow]) -> RunConfig | None:
    """The run that would leave only the architecture different between the two in `sentences`; None if none would."""
    pair = explanation.pair([run for run in runs if run.config.backbone in BACKBONES])
    return explanation.fair(pair[0].config, pair[1].config) if pair else None


def _time(first: RunRow, second: RunRow, macs: Macs) -> str:
    """MACs or parameters of both networks, their measured speed, and what they did besides."""
    one, other = first.config.backbone, second.config.backbone
    runs = (first, second)
    macs_of = [macs(run.config.backbone, run.config.input_size) for run in runs]
    costs = [float(count) for count in macs_of if count]
    if len(costs) == len(runs):
        texts = [f"{formats.millions(costs[i])} MACs at {run.config.input_size} px" for i, run in enumerate(runs)]
        text = f"Time: an image takes {one} {texts[0]}, {other} {texts[1]}"
    else:
        costs = [float(BACKBONES[name].params) for name in (one, other)]
        texts = [f"{formats.millions(cost)} parameters" for cost in costs]
        text = f"Time: {one} has {texts[0]}, {other} {texts[1]}"
    if max(costs) > 1.05 * min(costs):
        text += f" ({formats.times(max(costs) / min(costs))} as many for {one if costs[0] > costs[1] else other})"
    speeds = [run.images_per_second for run in runs]
    if not isnan(sum(speeds)):
        text += f"; measured, they processed {formats.rate(speeds[0])} and {formats.rate(speeds[1])}"
    parts = [f"{text}."]
    for run in runs:
        if not isnan(run.trainable_params):
            trained = f"{formats.millions(run.trainable_params)} of its {formats.millions(run.total_params)} parameters"
            parts.append(f"{run.config.backbone} also trained {trained}, in every epoch.")
        elif run.cached:
            parts.append(f"{run.config.backbone} read its features from the cache, which took the network no time.")
    return " ".join(parts)


def _accuracy(first: RunRow, second: RunRow) -> str:
    """Input size against the size of the pretraining, features, and the pretraining."""
    return "Accuracy: " + "; ".join(_sees(run) for run in (first, second)) + "."


def _sees(run: RunRow) -> str:
    spec, size = BACKBONES[run.config.backbone], run.config.input_size
    return f"{spec.name} turns {size} px images into {spec.feature_dim:,} features and {_learned(run, spec)}"


def _learned(run: RunRow, spec: Backbone) -> str:
    if run.config.method == "scratch":
        return "learned from these training images alone"
    if run.weights_origin == "untrained":
        return "was not trained on any image"
    if run.weights_origin not in PUBLISHED:
        return "has weights from a file"
    size = run.config.input_size
    at = f"at {spec.default_size} px" if size != spec.default_size else "at this size"
    top1 = f" ({spec.top1:.1f} % published for ImageNet)" if spec.top1 is not None else ""
    return f"was pretrained {at} on {spec.pretrained_on}{top1}"


def _not_the_architecture(first: RunRow, second: RunRow) -> str:
    differences, learned = _differences(first.config, second.config), _pretraining(first, second)
    if learned and not differences:
        return f"Not the architecture: what they were pretrained on ({learned}). All other settings are the same."
    parts = [f"what they were pretrained on ({learned})"] if learned else []
    if not parts + differences:
        return "Both ran with the same settings: what differs is the architecture, its pretraining, and chance."
    return f"Not the architecture: {formats.listed(parts + differences)}."


def _pretraining(first: RunRow, second: RunRow) -> str:
    """What published weights of two runs learned from, if that differs: "ImageNet-21k against ImageNet"."""
    if not {first.weights_origin, second.weights_origin} <= set(PUBLISHED):
        return ""
    one, other = (BACKBONES[run.config.backbone].pretrained_on for run in (first, second))
    return f"{one} against {other}" if one != other else ""


def _differences(first: RunConfig, second: RunConfig) -> list[str]:
    return [_difference(name, first, second) for name in explanation.other_settings(first, second)]


def _difference(name: str, first: RunConfig, second: RunConfig) -> str:
    values: dict[str, Callable[[RunConfig], str]] = {
        "input size": lambda config: f"{config.input_size} px",
        "method": lambda config: TITLES[config.method].lower(),
        "pixels": lambda config: PREPROCESSINGS[config.preprocessing].lower(),
        "training images": lambda config: (
            f"{config.n_train:,} of {TRAIN_SPLITS[config.train_split].lower()}"
            if config.n_train
            else TRAIN_SPLITS[config.train_split].lower()
        ),
        "epochs": lambda config: formats.count(config.epochs),
        "learning rate": lambda config: formats.learning_rate(config.learning_rate),
        "pooling": lambda config: config.pooling,
    }
    if name not in values or values[name](first) == values[name](second):
        return f"other settings of the {name}" if name in ("head", "learning rate") else f"the {name}"
    return f"the {name} ({values[name](first)} against {values[name](second)})"
