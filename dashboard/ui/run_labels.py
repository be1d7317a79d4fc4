"""What a run is called in a sentence."""

from collections import Counter
from collections.abc import Sequence

from core import protocol, sweeps
from core.config import TITLES, ZERO_SHOT, RunConfig
from core.runs import SEEDS, RunRow, default_name, own_name
from dashboard.ui import formats

MOST_SETTINGS = 2  # that tell runs apart


def two(first: RunRow, second: RunRow) -> tuple[str, str]:
    """Labels of two runs, with their numbers of training images if these differ."""
    if first.n_train == second.n_train or ZERO_SHOT in (first.config.method, second.config.method):
        return one(first), one(second)
    images = [formats.count(run.n_train, "training image") for run in (first, second)]
    return f"{one(first)[:-1]}, {images[0]})", f"{one(second)[:-1]}, {images[1]})"


def one(run: RunRow) -> str:
    """What a person called it, or its backbone; its method and input size, and what is unusual about it."""
    mark = ", untrained weights" if run.weights_origin == "untrained" and run.config.method != "scratch" else ""
    if run.config.preprocessing == "divide255":
        mark = f", pixels divided by 255{mark}"
    if run.seeds:
        mark += f", mean of {formats.count(run.n_seeds, 'seed')}"
    if run.entry.startswith(SEEDS):
        mark += f", seed {run.config.seed}"
    if run.cells:
        mark += f", best of {len(run.cells)} on validation"
    title = f"{run.name} ({run.config.backbone}, " if is_named(run) else f"{run.config.backbone} ("
    return f"{title}{formats.within(method(run.config))}, {run.config.input_size} px{mark})"


def method(config: RunConfig) -> str:
    """The title of its method, and what a fine-tune trains: "Fine-tune of the last 2 blocks"."""
    title = TITLES[config.method]
    return f"{title} of {protocol.unfrozen(config)}" if config.method == "finetune" else title


def settings(configs: Sequence[RunConfig]) -> list[str]:
    """What tells each of these apart, at most two settings that all of them read: "the last 30 layers, epochs 5"."""
    read = set.intersection(*({*sweeps.settings(config), "seed"} for config in configs))
    varied = [name for name in sweeps.varied(configs) if name in read]
    names = dict.fromkeys("unfreeze" if name == "unfreeze_count" else name for name in varied)
    shown = sorted(names, key=lambda name: name == "seed")[:MOST_SETTINGS]
    return [", ".join(_setting(config, name) for name in shown) for config in configs]


def _setting(config: RunConfig, name: str) -> str:
    if name == "unfreeze":
        return protocol.unfrozen(config)
    if config.method in ("linear", "knn") and name in ("strength", "neighbours") and not getattr(config, name):
        return f"automatic {sweeps.title(name)}"
    return sweeps.described(config, [name])


def is_named(run: RunRow) -> bool:
    """Whether a person gave it a name."""
    return run.name.removesuffix(own_name(run.config, ["seed"])) != default_name(run.config)


def apart(runs: Sequence[RunRow]) -> dict[str, str]:
    """Run id -> its label; where several have the same, with its accuracy, and if need be with its start."""
    labels = {run.id: one(run) for run in runs}
    for detail in (lambda run: formats.percent(run.accuracy), lambda run: formats.moment(run.created)):
        often = Counter(labels.values())
        labels = {
            run.id: f"{labels[run.id]} · {detail(run)}" if often[labels[run.id]] > 1 else labels[run.id] for run in runs
        }
    return labels
