"""The datasets of this machine in the terminal: list, import, rename, relabel, delete, gather, check."""

import os
import sys
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from core.cli import actions, options, tables
from core.cli.bar import Bar
from core.data import datasets, duplicates, near_duplicates, photos, relabelling, sizes
from core.evaluation import label_errors
from core.progress import Report

SHOWN = 10  # skipped files, pairs of near-duplicates and suspect labels, of all

ACTIONS = {  # with the arguments that each takes
    "list": "",
    "import": "import PATH [NAME]",
    "rename": "rename NAME NEW",
    "relabel": "relabel NAME FILE.csv",
    "delete": "delete NAME",
    "gather": "gather",
}


def add(commands: Any) -> None:
    """Add the commands `datasets` and `check`."""
    library = options.command(
        commands,
        "datasets",
        _datasets,
        "list the datasets, or import, rename, relabel or delete one, or gather everybody's photos",
    )
    library.add_argument("action", nargs="?", choices=tuple(ACTIONS), default="list", help="what to do [list]")
    library.add_argument("names", nargs="*", metavar="NAME", help="; ".join(filter(None, ACTIONS.values())))

    check = options.command(
        commands,
        "check",
        _check,
        "say whether there are enough images, and look for near-duplicates among the test images or for wrong labels",
    )
    check.add_argument("dataset", metavar="DATASET", help="name of a dataset, a folder or a zip")
    either = check.add_mutually_exclusive_group()
    either.add_argument("--clean", action="store_true", help="store a copy of the dataset without them")
    either.add_argument(
        "--labels", type=Path, metavar="FILE", help="look for wrong labels instead; write them to a CSV"
    )


def _datasets(parsed: Namespace) -> tuple[list[dict], str]:
    return perform(parsed.action, parsed.names)


def _check(parsed: Namespace) -> tuple[dict, str]:
    with Bar() as bar:
        name = dataset_name(parsed.dataset)
        if parsed.labels:
            return check_labels(name, parsed.labels, bar)
        return check(name, clean=parsed.clean, report=bar)


def dataset_name(text: str) -> str:
    """A dataset's name; a path is imported first, cifar10 and cifar100 are downloaded if missing."""
    if os.sep in text or Path(text).suffix == ".zip":
        return import_path(text)
    if any(summary.name == text and summary.state != "ready" for summary in datasets.available()):
        with Bar() as bar:
            datasets.fetch(text, report=bar)
    return text


def perform(action: str, names: Sequence[str]) -> tuple[list[dict], str]:
    """Do one of `ACTIONS`; returns the datasets as JSON values, and as text.

    Raises:
        ConfigError: The action takes other arguments, or the file to relabel by cannot be read.
        DatasetError: It is impossible.
    """
    actions.check("datasets", action, names, ACTIONS[action])
    lines = []
    if action == "import":
        before = {summary.name for summary in datasets.available()}
        name = import_path(names[0], names[1] if names[1:] else None)
        lines.append(f"{names[0]} is {'already' if name in before else 'now'} the dataset {name}")
    elif action == "rename":
        name = datasets.rename(*names)
        lines.append(f"{names[0]} is now {name}. Runs of {names[0]} keep their results, but no longer find its images")
    elif action == "relabel":
        changes = relabelling.read(Path(names[1]), datasets.load(names[0]))
        with Bar() as bar:
            copy = relabelling.relabel(names[0], changes, bar)
        lines.append(f"{copy.name} is a copy of {names[0]} with {relabelling.summary(changes)}")
    elif action == "delete":
        datasets.delete(names[0])
        lines.append(f"{names[0]} is deleted. Runs of it keep their results")
    elif action == "gather":
        with Bar() as bar:
            name = photos.gather(bar)
        lines.append(f"{name} has everybody's photos of new classes")
    summaries, faults = datasets.examined()
    listed = [asdict(summary) for summary in summaries]
    lines += [
        f"{each['name']:24} {each['state']:9} {each['images']:>8,} images {each['classes']:>5,} classes"
        for each in listed
    ]
    return listed, "\n".join([*lines, *faults])


def import_path(path: str, name: str | None = None) -> str:
    """Import images and print what was left out or assumed; returns the name of the dataset."""
    with Bar() as bar:
        dataset = datasets.import_images(Path(path), name=name, report=bar)
    leak = duplicates.warning(dataset, datasets.splits(dataset))
    skipped = [f"skipped {line}" for line in dataset.skipped[:SHOWN]]
    if more := len(dataset.skipped) - len(skipped):
        skipped.append(f"skipped {more:,} more, which the page Data lists")
    for line in filter(None, [*skipped, *dataset.notes, leak]):
        print(line, file=sys.stderr)
    return dataset.name


def check(name: str, *, clean: bool, report: Report) -> tuple[dict, str]:
    """Judge the numbers of images and look for near-duplicates; returns all pairs as JSON values, the surest as text.

    Args:
        clean: Store a copy of the dataset without them.

    Raises:
        DatasetError: The dataset cannot be opened or copied.
    """
    near, dataset = near_duplicates.search(name, report), datasets.load(name)
    files, enough = dataset.files, sizes.sentences(dataset, datasets.splits(dataset))
    least = f"{near_duplicates.THRESHOLD} or more, {near_duplicates.ROTATED_THRESHOLD} if one is rotated"
    lines = [*enough, f"{near.summary()}, by details that agree to {least}. Those that agree most:"]
    lines += [
        "  ".join(filter(None, (f"{pair.agreement:.2f}", files[pair.row], files[pair.twin], pair.change)))
        for pair in near.leaks[:SHOWN]
    ]
    within = sum(pair.agreement >= near_duplicates.THRESHOLD for pair in near.within)
    lines.append(f"{within:,} pairs within the test images, or within the others")
    result = asdict(near) | {"leaked": len(near.leaked()), "agreement": near_duplicates.THRESHOLD, "sizes": enough}
    if clean:
        copy = near_duplicates.clean(name, near.leaked().tolist())
        lines.append(f"{copy.name} is a copy without them")
        result |= {"clean": copy.name}
    return result, "\n".join(lines)


def check_labels(name: str, path: Path, report: Report) -> tuple[dict, str]:
    """Look for wrong labels and write the suspects to a CSV file that `datasets relabel` reads.

    Returns:
        All suspects as JSON values, and the surest as text.

    Raises:
        DatasetError: The dataset cannot be opened, or a class has a single image.
        ConfigError: The file cannot be written.
    """
    tables.check(path)
    source = label_errors.usual(name)
    errors, dataset = label_errors.search(source, report), datasets.load(name)
    lines = [
        f"{len(errors.suspects):,} of {errors.images:,} labels are suspect to a head on {source.backbone}, which "
        f"predicts {100 * errors.accuracy:.1f} % of the labels of images it was not trained on. The most suspect:"
    ]
    table = label_errors.table(errors, dataset)
    for suspect, row in zip(errors.suspects[:SHOWN], table.itertuples(), strict=False):
        own, other = label_errors.agreeing(suspect, dataset.labels)
        lines.append(
            f"{row.probability:.2f}  {row.file}  {row.label}, more likely {row.suggested}; its "
            f"{len(suspect.neighbours)} nearest neighbours: {own} {row.label}, {other} {row.suggested}"
        )
    tables.write(table, path)
    lines.append(f"All are in {path}: edit its column label, then run `datasets relabel {name} {path}`")
    return asdict(errors), "\n".join(lines)
