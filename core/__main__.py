"""The laboratory from a terminal: `python -m core run|backbones|runs|warm|cache|doctor|bench`.

Results go to standard output, one JSON value with `--json`; progress and errors go to standard error.
Exit codes: 0 done, 1 failed, 2 wrong usage.
"""

import argparse
import contextlib
import json
import os
import sys
from collections.abc import Callable
from dataclasses import asdict, fields

import pandas as pd

from core import backbones, datasets, hardware, runs, settings
from core.config import PREPROCESSINGS, TRAIN_SPLITS, RunConfig
from core.errors import LabError
from core.heads import METHODS
from core.progress import Progress

DEFAULTS = {f.name: f.default for f in fields(RunConfig)}


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    options = parser().parse_args(arguments)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        with contextlib.redirect_stdout(sys.stderr):  # whatever a library prints is not the result
            result, text = options.command(options)
    except LabError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return 1
    print(json.dumps(result, default=str) if options.json else text)
    return 0


def parser() -> argparse.ArgumentParser:
    """Every command with its options; the README's table is checked against it."""
    top = argparse.ArgumentParser(prog="python -m core", description="Transfer learning with pretrained backbones.")
    commands = top.add_subparsers(metavar="COMMAND", required=True)

    run = _command(commands, "run", _run, "probe a backbone on a dataset and keep the run")
    _config_options(run)

    _command(commands, "backbones", _backbones, "the table of architectures")
    _command(commands, "runs", _runs, "every run in the store")

    warm = _command(commands, "warm", _warm, "prepare a lecture: fetch weights and data, fill the feature cache")
    warm.add_argument("--dataset", default=DEFAULTS["dataset"], help="name of a dataset")
    warm.add_argument(
        "--backbones", nargs="+", default=[DEFAULTS["backbone"]], metavar="NAME", help="names of backbones"
    )
    warm.add_argument("--input-size", type=int, default=0, metavar="PX", help="pixels; 0: each backbone's default")

    cache = _command(commands, "cache", _cache, "list or clear the feature cache")
    cache.add_argument("--clear", action="store_true", help="delete every cached feature")

    _command(commands, "doctor", _doctor, "what this machine is, what is here, what will be slow")

    bench = _command(commands, "bench", _bench, "measure; figures are kept in docs/benchmarks.md")
    bench.add_argument("name", choices=("extract", "probe", "memory"), help="what to measure")
    for name, kind in {"images": int, "dataset": str, "backbone": str, "weights": str, "input_size": int}.items():
        bench.add_argument(f"--{name.replace('_', '-')}", type=kind, help="with which; left out: the benchmark's own")
    return top


def _command(commands, name: str, function: Callable, text: str) -> argparse.ArgumentParser:
    command = commands.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
    command.add_argument("--json", action="store_true", help="print one JSON value")
    command.set_defaults(command=function)
    return command


def _config_options(run: argparse.ArgumentParser) -> None:
    texts = {
        "dataset": ("NAME", "name of a dataset, or the path of an image folder or zip"),
        "backbone": ("NAME", "name of a backbone"),
        "method": (METHODS, "the head on top of the features"),
        "weights": ("WEIGHTS", "imagenet, untrained, or the path of a weights file"),
        "input_size": ("PX", "pixels, square; 0: the backbone's default"),
        "preprocessing": (PREPROCESSINGS, "the backbone's own, or the book's mistake"),
        "train_split": (TRAIN_SPLITS, "the images to train on"),
        "n_train": ("N", "training images, stratified; 0: all"),
        "n_test": ("N", "test images, stratified; 0: all"),
        "seed": ("N", "seed of the sample and of training"),
        "epochs": ("N", "passes over the training images (linear-adam, mlp)"),
        "batch_size": ("N", "images a step (linear-adam, mlp)"),
        "learning_rate": ("RATE", "of Adam (linear-adam, mlp)"),
        "strength": ("L2", "regularisation; 0: chosen on validation (linear)"),
        "neighbours": ("K", "0: chosen on validation (knn)"),
        "hidden": ("N", "units of the hidden layer (mlp)"),
    }
    for name, (values, text) in texts.items():
        kind = {"metavar": values} if isinstance(values, str) else {"choices": tuple(values)}
        default = DEFAULTS[name]
        run.add_argument(
            f"--{name.replace('_', '-')}", type=type(default), default=default, help=f"{text} [{default}]", **kind
        )


def _run(options) -> tuple[dict, str]:
    values = {name: getattr(options, name) for name in DEFAULTS if hasattr(options, name)}
    values["dataset"] = _dataset_name(values["dataset"])
    config = RunConfig(**values)
    if settings.scheduler():
        run = _on_cluster(config)
    else:
        from core.execute import perform

        run_id = runs.create(config)
        with Bar() as bar:
            perform(run_id, bar)
        run = runs.get(run_id)
    if run.status != "finished":
        raise LabError(f"Run {run.id} {run.status}{': ' + run.error if run.error else ''}")
    result = {"run_id": run.id} | {
        name: getattr(run.outcome, name)
        for name in (
            "accuracy",
            "accuracy_low",
            "accuracy_high",
            "seconds",
            "images_per_second",
            "hardware",
            "protocol",
        )
    }
    result |= {"cached": run.outcome.cached, "weights_origin": run.outcome.weights_origin, "config": asdict(run.config)}
    untrained = " (untrained weights)" if run.outcome.weights_origin == "untrained" else ""
    text = (
        f"{config.backbone}{untrained}: accuracy {run.outcome.accuracy:.1%} "
        f"(95 % interval {run.outcome.accuracy_low:.1%} to {run.outcome.accuracy_high:.1%})\n"
        f"{run.outcome.protocol}\n"
        + ", ".join(f"{stage} {seconds:.1f} s" for stage, seconds in run.outcome.seconds.items())
        + f", measured on {run.outcome.hardware}\nrun {run.id}"
    )
    return result, text


def _dataset_name(text: str) -> str:
    """A dataset's name; a path is imported first, cifar10 and cifar100 are fetched when they are not here."""
    from pathlib import Path

    with Bar() as bar:
        if os.sep in text or Path(text).suffix == ".zip":
            dataset = datasets.import_images(Path(text), report=bar)
            print(*(f"skipped {line}" for line in dataset.skipped), sep="\n", file=sys.stderr)
            return dataset.name
        if any(summary.name == text and summary.state != "ready" for summary in datasets.available()):
            datasets.fetch(text, report=bar)
    return text


def _on_cluster(config: RunConfig) -> runs.Run:
    import time

    from core.engine import Engine

    engine = Engine.start()
    run_id = engine.submit(config)
    try:
        with Bar() as bar:
            while (run := runs.get(run_id)).status not in runs.ENDED:
                if run.progress:
                    bar(run.progress)
                time.sleep(runs.REPORT_EVERY)
    except KeyboardInterrupt:
        engine.stop(run_id)
        raise
    finally:
        engine.close()
    return run


def _backbones(options) -> tuple[list[dict], str]:
    facts = [asdict(backbones.get(name)) for name in backbones.names()]
    shown = ["name", "family", "year", "params", "depth", "default_size", "preprocessing", "top1"]
    return facts, pd.DataFrame(facts)[shown].to_string(index=False)


def _runs(options) -> tuple[list[dict], str]:
    table = runs.table()
    shown = table[["run_id", "status", "dataset", "backbone", "method", "input_size", "accuracy", "seconds"]]
    text = shown.to_string(index=False) if len(table) else "No runs yet: `python -m core run` makes one."
    return json.loads(table.to_json(orient="records", date_format="iso")), text


def _warm(options) -> tuple[list[dict], str]:
    from core.execute import execute

    options.dataset = _dataset_name(options.dataset)
    done = []
    for name in options.backbones:
        with Bar() as bar:
            outcome = execute(RunConfig(dataset=options.dataset, backbone=name, input_size=options.input_size), bar)[0]
        done.append({"backbone": name, "cached": outcome.cached, "seconds": sum(outcome.seconds.values())})
    return done, "\n".join(f"{each['backbone']}: ready after {each['seconds']:.1f} s" for each in done)


def _cache(options) -> tuple[dict, str]:
    from core import features

    if options.clear:
        features.clear()
    entries = features.entries()
    total = sum(entry.bytes for entry in entries)
    budget = settings.cache_budget()
    lines = [f"{e.backbone:20} {e.dataset:18} {e.images:>7,} images {e.bytes / 1e6:>9,.1f} MB" for e in entries]
    lines.append(
        f"{len(entries)} entries, {total / 1e9:.2f} of {budget / 1e9:.0f} GB in {settings.home() / 'features'}"
    )
    return {"entries": [asdict(e) for e in entries], "bytes": total, "budget": budget}, "\n".join(lines)


def _doctor(options) -> tuple[dict, str]:
    from core import doctor

    findings = doctor.examine()
    return findings, doctor.describe(findings)


def _bench(options) -> tuple[dict, str]:
    from core.bench import BENCHES

    names = ("images", "dataset", "backbone", "weights", "input_size")
    given = {name: getattr(options, name) for name in names if getattr(options, name) is not None}
    figures = {"hardware": hardware.name()} | BENCHES[options.name](**given)
    return figures, "\n".join(f"{name}: {value}" for name, value in figures.items())


class Bar:
    """A report that draws each stage as a bar on standard error; nothing when that is no terminal."""

    def __init__(self):
        self._stage, self._bar = None, None

    def __enter__(self) -> "Bar":
        return self

    def __exit__(self, *_) -> None:
        if self._bar is not None:
            self._bar.close()

    def __call__(self, progress: Progress) -> None:
        from tqdm import tqdm

        if not progress.total:
            return
        if (progress.stage, progress.total) != self._stage:
            self.__exit__()
            self._stage = (progress.stage, progress.total)
            size = progress.unit == "bytes"
            self._bar = tqdm(
                desc=progress.stage, total=progress.total, unit="B" if size else " " + progress.unit,
                unit_scale=size, file=sys.stderr, disable=None,
            )  # fmt: skip
        self._bar.update(progress.done - self._bar.n)


if __name__ == "__main__":
    sys.exit(main())
