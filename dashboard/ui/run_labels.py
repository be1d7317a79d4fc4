"""What a run is called in a sentence."""

from collections import Counter
from collections.abc import Sequence

from core import protocol
from core.config import TITLES, ZERO_SHOT
from core.runs import SEEDS, RunRow, default_name, own_name
from dashboard.ui import formats


def two(first: RunRow, second: RunRow) -> tuple[str, str]:
    """Labels of two runs, with their numbers of training images if these differ."""
    if first.n_train == second.n_train or ZERO_SHOT in (first.config.method, second.config.method):
        return one(first), one(second)
    images = [formats.count(run.n_train, "training image") for run in (first, second)]
    return f"{one(first)[:-1]}, {images[0]})", f"{one(second)[:-1]}, {images[1]})"


def one(run: RunRow) -> str:
    """What a person called it, or its backbone; its method and input size, and what is unusual about it."""
    mark = ", untrained weights" if run.weights_origin == "untrained" and run.config.method != "scratch" else ""
    how = TITLES[run.config.method].lower()
    if run.config.method == "finetune":
        how += f" of {protocol.unfrozen(run.config)}"
    if run.config.preprocessing == "divide255":
        mark = f", pixels divided by 255{mark}"
    if run.seeds:
        mark += f", mean of {formats.count(run.n_seeds, 'seed')}"
    if run.entry.startswith(SEEDS):
        mark += f", seed {run.config.seed}"
    if run.cells:
        mark += f", best of {len(run.cells)} on validation"
    title = f"{run.name} ({run.config.backbone}, " if is_named(run) else f"{run.config.backbone} ("
    return f"{title}{how}, {run.config.input_size} px{mark})"


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
