"""The laboratory from a terminal: `python -m core COMMAND`, one of those below.

Results go to standard output, one JSON value with `--json`; progress and errors go to standard error.
Exit codes: 0 done, 1 failed, 2 wrong usage.
"""

import argparse
import contextlib
import inspect
import json
import os
import sys
from collections.abc import Callable
from dataclasses import asdict, fields

import numpy as np
import pandas as pd

from core import backbones, embeddings, hardware, maps, neighbours, recipes, runs, settings
from core.config import (
    AUGMENTATIONS,
    BATCHNORM,
    CLASS_WEIGHTS,
    OPTIMIZERS,
    POOLINGS,
    PRECISIONS,
    PREPROCESSINGS,
    PROBES,
    SCHEDULES,
    TRAIN_SPLITS,
    TRAINED,
    UNFREEZE,
    ZERO_SHOT,
    RunConfig,
)
from core.curriculum import lessons
from core.data import datasets
from core.errors import ConfigError, LabError
from core.progress import Progress
from core.recipes import RECIPES
from core.zero_shot import encoder, prompts

DEFAULTS = {f.name: f.default for f in fields(RunConfig)}
FORMATS = ("keras", "savedmodel", "tflite", "script", "notebook")


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

    run = _command(commands, "run", _run, "probe or fine-tune a backbone on a dataset and keep the run")
    _config_options(run)

    resume = _command(commands, "resume", _resume, "go on with a run that was stopped, paused or interrupted")
    resume.add_argument("run_id", metavar="RUN", help="id of the run")

    export = _command(commands, "export", _export, "write what a run gave: its network, or the code that repeats it")
    export.add_argument("run_id", metavar="RUN", help="id of the run")
    export.add_argument("--format", choices=FORMATS, default="keras", help="what to write [keras]")
    export.add_argument("--to", default=".", metavar="FOLDER", help="where to put it [.]")

    draw = _command(commands, "map", _map, "lay images out by what a network sees in them, and say how far to trust it")
    _map_options(draw)

    _command(commands, "runs", _runs, "every run in the store")
    _command(commands, "recipes", _recipes, "experiments by name, for `run --recipe`")
    _command(commands, "backbones", _backbones, "the table of architectures")

    warm = _command(commands, "warm", _warm, "prepare a lecture: fetch weights and data, fill the feature cache")
    warm.add_argument("--dataset", default=DEFAULTS["dataset"], help="name of a dataset")
    warm.add_argument(
        "--backbones", nargs="+", default=[DEFAULTS["backbone"]], metavar="NAME", help="names of backbones"
    )
    warm.add_argument("--input-size", type=int, default=0, metavar="PX", help="pixels; 0: each backbone's default")
    warm.add_argument("--lesson", choices=tuple(lessons.LESSONS), help="do all that a lesson shows, instead")

    cache = _command(commands, "cache", _cache, "list or clear the cached features and maps")
    cache.add_argument("--clear", action="store_true", help="delete every cached feature and every map")

    _command(commands, "doctor", _doctor, "what this machine is, what is here, what will be slow")

    bench = _command(commands, "bench", _bench, "measure; figures are kept in docs/benchmarks.md")
    bench.add_argument(
        "name", choices=("extract", "probe", "memory", "finetune", "maps", "clip", "fewshot"), help="what to measure"
    )
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
        "recipe": (RECIPES, "an experiment by name; other options change it"),
        "dataset": ("NAME", "name of a dataset, or the path of an image folder or zip"),
        "backbone": ("NAME", "name of a backbone"),
        "method": (
            (*PROBES, *TRAINED, ZERO_SHOT),
            "a head on the features, what trains of the network itself, or a CLIP",
        ),
        "weights": ("WEIGHTS", "imagenet, untrained, or the path of a weights file"),
        "input_size": ("PX", "pixels, square; 0: the backbone's default"),
        "preprocessing": (PREPROCESSINGS, "the backbone's own, or the book's mistake"),
        "pooling": (POOLINGS, "of the last feature map"),
        "train_split": (TRAIN_SPLITS, "the images to train on"),
        "n_train": ("N", "training images, stratified; 0: all"),
        "n_test": ("N", "test images, stratified; 0: all"),
        "seed": ("N", "seed of the sample and of training"),
        "epochs": ("N", "passes over the training images; finetune 3, else 20"),
        "batch_size": ("N", "images a step; probes 128, finetune 32, scratch 64"),
        "learning_rate": ("RATE", "finetune 1e-5, else 1e-3"),
        "strength": ("L2", "regularisation; 0: chosen on validation (linear)"),
        "neighbours": ("K", "0: chosen on validation (knn)"),
        "hidden": ("N", "units of the hidden layer (mlp)"),
        "head_units": ("N", "hidden units before the last layer; 0: none (finetune, scratch, as all below)"),
        "dropout": ("SHARE", "of the features, before the last layer"),
        "head_epochs": ("N", "of the head alone before anything is unfrozen; 0: none"),
        "head_learning_rate": ("RATE", "in these epochs"),
        "start": ("RUN", "id of a probe whose head is the start instead"),
        "unfreeze": (UNFREEZE, "what trains of the backbone"),
        "unfreeze_count": ("N", "layers or blocks, from the end"),
        "batchnorm": (BATCHNORM, "how the backbone's BatchNorm runs while it trains"),
        "optimizer": (OPTIMIZERS, "the optimiser"),
        "momentum": ("SHARE", "of sgd"),
        "weight_decay": ("RATE", "decoupled"),
        "schedule": (SCHEDULES, "of the learning rate"),
        "label_smoothing": ("SHARE", "of each label given to the other classes"),
        "augment": ("KINDS", f"{', '.join(AUGMENTATIONS)}, joined by +"),
        "patience": ("N", "epochs without a better validation accuracy; 0: no early stop"),
        "class_weights": (CLASS_WEIGHTS, "balanced: rare classes count more"),
        "precision": (PRECISIONS, "mixed: 16 bits where a device gains from it"),
        "templates": ("PROMPTS", f"{', '.join(prompts.SETS)}, or templates, one a line (zero-shot)"),
        "classes": ("NAMES", "what the classes are called, one a line (zero-shot)"),
    }
    for name, (values, text) in texts.items():
        kind = {"metavar": values} if isinstance(values, str) else {"choices": tuple(values)}
        default = DEFAULTS[name]
        said = "" if default in ("", 0) else f" [{default}]"
        run.add_argument(
            f"--{name.replace('_', '-')}", type=type(default), default=argparse.SUPPRESS, help=text + said, **kind
        )


def _map_options(draw: argparse.ArgumentParser) -> None:
    texts = {
        "method": (tuple(maps.METHODS), "how to lay them out"),
        "dims": ((2, 3), "dimensions of the map"),
        "components": ("N", "principal components that the layout begins with; 0: the features as they are"),
        "perplexity": ("N", "neighbours that an image minds (tsne)"),
        "neighbours": ("K", "neighbours that make the graph (umap)"),
        "min_dist": ("DISTANCE", "how close two images may come (umap)"),
        "metric": (tuple(neighbours.METRICS), "what near means (tsne, umap)"),
        "start": ("MAP", "key of a map of the same images, on which this one is laid"),
        "dataset": ("NAME", "name of a dataset, or the path of an image folder or zip"),
        "images": (tuple(embeddings.IMAGES), "which of its images"),
        "n_images": ("N", "how many of them, stratified; 0: all"),
        "seed": ("N", "seed of the sample and of the layout"),
        "run": ("RUN", "id of a run: its network instead of the backbone's"),
        "what": (embeddings.WHAT, "features, or a run's logits"),
        "layer": ("NAME", "a block of the network, instead of its end"),
        "backbone": ("NAME", "name of a backbone"),
        "weights": ("WEIGHTS", "imagenet, untrained, or the path of a weights file"),
        "input_size": ("PX", "pixels, square; 0: the backbone's default"),
        "preprocessing": (PREPROCESSINGS, "the backbone's own, or the book's mistake"),
        "pooling": (POOLINGS, "of the last feature map"),
    }
    defaults = {f.name: f.default for kind in (maps.MapConfig, embeddings.Source) for f in fields(kind)}
    for name, (values, text) in texts.items():
        kind = {"metavar": values} if isinstance(values, str) else {"choices": values}
        default = defaults[name]
        said = "" if default in ("", 0) else f" [{default}]"
        draw.add_argument(f"--{name.replace('_', '-')}", type=type(default), default=default, help=text + said, **kind)


def _map(options) -> tuple[dict, str]:
    options.dataset = _dataset_name(options.dataset)
    given = {f.name: getattr(options, f.name) for f in fields(embeddings.Source)}
    own = {f.name: getattr(options, f.name) for f in fields(maps.MapConfig) if f.name != "source"}
    with Bar() as bar:
        drawn = maps.compute(maps.MapConfig(embeddings.Source(**given), **own), bar)
    result = {name: getattr(drawn, name) for name in ("key", "quality", "explained", "seconds", "hardware", "notes")}
    path = maps.positions_path(drawn.key)
    text = (
        f"{maps.METHODS[options.method].title} of {len(drawn.rows):,} images: "
        + ", ".join(f"{name} {value:.3f}" for name, value in drawn.quality.items() if isinstance(value, float))
        + f"\n{drawn.quality['judged']:,.0f} images judged, each against all; "
        + ", ".join(f"{stage} {seconds:.1f} s" for stage, seconds in drawn.seconds.items())
        + f", measured on {drawn.hardware}\n"
        + "".join(f"{note}\n" for note in drawn.notes)
        + f"{path}\nmap {drawn.key}"
    )
    about = {"images": len(drawn.rows), "positions": path, "config": asdict(drawn.config)}
    return result | about, text


def _run(options) -> tuple[dict, str]:
    given = {name: getattr(options, name) for name in DEFAULTS if hasattr(options, name)}
    for name in ("epochs", "batch_size", "learning_rate"):  # 0 stands for a default, which nobody means who types it
        if given.get(name) == 0:
            raise ConfigError(f"{name} is 0", "more than 0", "Leave it out for the default")
    for name in ("templates", "classes"):  # likewise
        if given.get(name) == "":
            raise ConfigError(f"The {name} are empty", "at least a line", "Leave the option out for the default")
    given["dataset"] = _dataset_name(given.get("dataset", DEFAULTS["dataset"]))
    recipe = given.pop("recipe", "")
    config = recipes.get(recipe).config(**given) if recipe else RunConfig(**given)
    if settings.scheduler():
        return _told(_on_cluster(lambda engine: engine.submit(config)))
    return _told(_here(runs.create(config)))


def _resume(options) -> tuple[dict, str]:
    from core.execute import check_resumable

    runs.get(options.run_id)  # or it is not there
    if settings.scheduler():
        return _told(_on_cluster(lambda engine: engine.resume(options.run_id) or options.run_id))
    runs.mark_interrupted()
    check_resumable(options.run_id)
    runs.resume(options.run_id)
    return _told(_here(options.run_id))


def _here(run_id: str) -> runs.Run:
    from core.execute import perform

    with Bar() as bar:
        perform(run_id, bar)
    return runs.get(run_id)


def _told(run: runs.Run) -> tuple[dict, str]:
    if run.status != "finished":
        again = f" Go on with it: python -m core resume {run.id}" if run.status in runs.RESUMABLE else ""
        raise LabError(f"Run {run.id} {run.status}{': ' + run.error if run.error else ''}", remedy=again)
    config, outcome = run.config, run.outcome
    told = (
        "accuracy",
        "accuracy_low",
        "accuracy_high",
        "seconds",
        "images_per_second",
        "hardware",
        "protocol",
        "stages",
    )
    result = {"run_id": run.id} | {
        name: getattr(outcome, name) for name in (*told, "cached", "weights_origin", "notes")
    }
    untrained = " (untrained weights)" if outcome.weights_origin == "untrained" and config.method != "scratch" else ""
    text = (
        f"{config.backbone}{untrained}: accuracy {outcome.accuracy:.1%} "
        f"(95 % interval {outcome.accuracy_low:.1%} to {outcome.accuracy_high:.1%})\n"
    )
    if outcome.frozen_accuracy is not None:
        text += f"{outcome.frozen_accuracy:.1%} before anything was unfrozen\n"
    text += (
        f"{outcome.protocol}\n"
        + ", ".join(f"{stage} {seconds:.1f} s" for stage, seconds in outcome.seconds.items())
        + f", measured on {outcome.hardware}\n"
        + "".join(f"{note}\n" for note in outcome.notes)
        + f"run {run.id}"
    )
    return result | {"config": asdict(config)}, text


def _export(options) -> tuple[dict, str]:
    from pathlib import Path

    from core import export

    with Bar() as bar:
        path = export.export(options.run_id, options.format, Path(options.to), report=bar)
    return {"run_id": options.run_id, "format": options.format, "path": str(path)}, str(path)


def _recipes(options) -> tuple[list[dict], str]:
    known = [
        {name: getattr(recipe, name) for name in ("name", "title", "idea", "backbones")} for recipe in RECIPES.values()
    ]
    lines = [f"{each['name']}: {each['idea']}\n    {', '.join(each['backbones'])}" for each in known]
    return known, "\n".join(lines)


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


def _on_cluster(begin: Callable) -> runs.Run:
    import time

    from core.engine import Engine

    engine = Engine.start()
    run_id = begin(engine)
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
    facts = [asdict(backbones.get(name)) for name in [*backbones.names(), *backbones.clip_names()]]
    shown = ["name", "family", "year", "params", "depth", "default_size", "preprocessing", "top1"]
    return facts, pd.DataFrame(facts)[shown].to_string(index=False)


def _runs(options) -> tuple[list[dict], str]:
    table = runs.table()
    shown = table[["run_id", "status", "dataset", "backbone", "method", "input_size", "accuracy", "seconds"]]
    text = shown.to_string(index=False) if len(table) else "No runs yet: `python -m core run` makes one."
    return json.loads(table.to_json(orient="records", date_format="iso")), text


def _warm(options) -> tuple[list[dict], str]:
    from core.execute import execute

    if options.lesson:
        with Bar() as bar:
            prepared = lessons.prepare(options.lesson, bar)
        said = ", ".join(prepared) if prepared else "everything was there"
        return [{"lesson": options.lesson, "prepared": prepared}], f"Lesson {options.lesson} is ready: {said}"

    options.dataset = _dataset_name(options.dataset)
    done = []
    for name in options.backbones:
        with Bar() as bar:
            config = RunConfig(dataset=options.dataset, backbone=name, input_size=options.input_size)
            outcome = execute(config, bar).outcome
            if name in encoder.NAMES:  # a zero-shot answer compares texts with what comes after the projection
                dataset = datasets.load(options.dataset)
                encoder.image_features(name, dataset, np.arange(len(dataset.images)), bar)
        done.append({"backbone": name, "cached": outcome.cached, "seconds": sum(outcome.seconds.values())})
    return done, "\n".join(f"{each['backbone']}: ready after {each['seconds']:.1f} s" for each in done)


def _cache(options) -> tuple[dict, str]:
    from core import features

    if options.clear:
        features.clear()
        maps.clear()
    entries, drawn = features.entries(), maps.entries()
    total = sum(entry.bytes for entry in entries)
    budget = settings.cache_budget()
    lines = [f"{e.backbone:20} {e.dataset:18} {e.images:>7,} images {e.bytes / 1e6:>9,.1f} MB" for e in entries]
    lines.append(
        f"{len(entries)} entries, {total / 1e9:.2f} of {budget / 1e9:.0f} GB in {settings.home() / 'features'}"
    )
    lines += [
        f"{m.config.method:20} {m.config.source.dataset:18} {m.images:>7,} images {m.bytes / 1e6:>9,.1f} MB"
        for m in drawn
    ]
    drawn_bytes = sum(entry.bytes for entry in drawn)
    lines.append(f"{len(drawn)} maps, {drawn_bytes / 1e9:.2f} GB in {settings.home() / 'maps'}")
    result = {"entries": [asdict(e) for e in entries], "bytes": total, "budget": budget}
    return result | {"maps": [asdict(entry) for entry in drawn], "maps_bytes": drawn_bytes}, "\n".join(lines)


def _doctor(options) -> tuple[dict, str]:
    from core.cli import doctor

    findings = doctor.examine()
    return findings, doctor.describe(findings)


def _bench(options) -> tuple[dict, str]:
    from core.bench import BENCHES

    names = ("images", "dataset", "backbone", "weights", "input_size")
    given = {name: getattr(options, name) for name in names if getattr(options, name) is not None}
    known = inspect.signature(BENCHES[options.name]).parameters
    if unread := [name.replace("_", "-") for name in given if name not in known]:
        expected = ", ".join(f"--{name.replace('_', '-')}" for name in known)
        raise ConfigError(f"bench {options.name} reads no --{unread[0]}", f"some of {expected}", "Leave it out")
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
