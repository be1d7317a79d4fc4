"""Backbone Lab in the terminal: `python -m core COMMAND`.

Results go to standard output, one JSON value with `--json`; progress and errors go to standard error.
Exit codes: 0 done, 1 failed, 2 wrong usage.
"""

import _thread
import contextlib
import inspect
import io
import json
import os
import signal
import sys
import threading
import time
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from math import isnan
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from core import (
    backbones,
    execute,
    export,
    features,
    hardware,
    home,
    keras_defaults,
    maps,
    people,
    quoting,
    recipes,
    runs,
    seeds,
    settings,
    storage,
    sweeps,
)
from core.bench import BENCHES
from core.cli import challenges, doctor, entries, images, options, tables
from core.cli.bar import Bar
from core.config import RunConfig
from core.curriculum import gradebook, lessons
from core.data import datasets
from core.embeddings import Source
from core.engine import Engine
from core.errors import ConfigError, LabError, RunError
from core.evaluation import leaks
from core.export import formats, quantization
from core.features import inference
from core.plan import plan
from core.progress import Progress
from core.recipes import RECIPES
from core.runs import backups, connection
from core.zero_shot import encoder

AGAIN = 0.02  # seconds until a Ctrl-C that Python dropped comes again


def _positive(text: str) -> int:
    """A number of a benchmark; `argparse` shows the name of this function with one that is refused."""
    if not 1 <= (number := int(text)) <= MOST:
        raise ArgumentTypeError(f"{text} is not in 1 to {MOST}")
    return number


MOST = 1_000_000_000  # of anything that a benchmark counts
BENCH_OPTIONS = {"images": _positive, "dataset": str, "backbone": str, "weights": str, "input_size": _positive}
BENCH_OPTIONS |= {"runs": _positive}  # of the store


def run(arguments: list[str] | None = None) -> int:
    """`main` of a process that then ends: a Ctrl-C while Python waits for its threads is no traceback."""
    code = main(arguments)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    return code


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # names that the terminal's encoding lacks
    parsed = parser().parse_args(arguments)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    lecturer = people.acting_as(people.LECTURER)  # whoever has a terminal has the files themselves
    try:
        with lecturer, _every_interrupt(), contextlib.redirect_stdout(sys.stderr):  # libraries' output is no result
            settings.check()
            keras_defaults.backend()  # raises for one that is unknown
            result, text = parsed.command(parsed)
    except LabError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return 1
    except Exception as error:
        if not (sentence := _of_machine(error)):
            raise
        print(f"error: {sentence}", file=sys.stderr)
        return 1
    return _written(json.dumps(result, default=str) if parsed.json else text)


def _of_machine(error: Exception) -> str:
    """What the disk or the memory that an error comes from lacks, in a sentence; empty if it comes from elsewhere."""
    if isinstance(error, MemoryError):
        return f"There is too little memory ({error or 'none is left'}). Choose fewer images, or smaller ones."
    if storage.is_full(error):
        return f"The disk is full ({error}). Make room on it, and try again."
    if storage.is_away(error):
        return f"A file could not be read or written ({error}). {storage.WAIT}."
    return ""


def _written(text: str) -> int:
    """Write a result to standard output; returns the exit code."""
    try:
        print(text, flush=True)
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Python writes again when it ends
        if not isinstance(error, BrokenPipeError):  # whoever reads it, such as `head`, has enough
            print(f"error: The result cannot be written ({error.strerror})", file=sys.stderr)
            return 1
    return 0


@contextlib.contextmanager
def _every_interrupt() -> Iterator[None]:
    """Press Ctrl-C again if it came while an object was deleted: Python would show a traceback and go on."""
    usual = sys.unraisablehook

    def again(unraisable: Any) -> None:
        if isinstance(unraisable.exc_value, KeyboardInterrupt):
            threading.Timer(AGAIN, _interrupt_main).start()
        else:
            usual(unraisable)

    sys.unraisablehook = again
    try:
        yield
    finally:
        sys.unraisablehook = usual


def _interrupt_main() -> None:
    """Interrupt the main thread as Ctrl-C does, also while it waits, if the system can."""
    if hasattr(signal, "pthread_kill"):
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
    else:
        _thread.interrupt_main()


def parser() -> ArgumentParser:
    """Every command with its options; a test compares the README's table with it."""
    prog = "backbone-lab" if Path(sys.argv[0]).stem == "backbone-lab" else "python -m core"
    top = ArgumentParser(prog=prog, description="Transfer learning with pretrained backbones.")
    commands = top.add_subparsers(metavar="COMMAND", required=True)
    for add in (_add_runs, _add_data, _add_machine):
        add(commands)
    return top


def _add_runs(commands: Any) -> None:
    run = _command(commands, "run", _run, "probe or fine-tune a backbone on a dataset and store the run")
    options.add(run, RunConfig, choices={"recipe": RECIPES}, unset=True)
    several = f"runs from --seed upwards, as one entry; at most {seeds.MOST} [1]"
    run.add_argument("--seeds", type=int, default=1, metavar="N", help=several)
    grid = f"a sweep: one run for each value; of two such settings, for each pair; at most {sweeps.MOST} runs"
    run.add_argument("--vary", action="append", metavar="SETTING=VALUE,...", help=grid)

    resume = _command(commands, "resume", _resume, "continue a run that was stopped, paused or interrupted")
    resume.add_argument("run_id", metavar="RUN", help="id of the run, or of an entry of several seeds or of a sweep")

    write = _command(commands, "export", _export, "write the network of a run, or the code that repeats it")
    write.add_argument("run_id", metavar="RUN", help="id of the run")
    write.add_argument("--format", choices=tuple(export.FORMATS), default="keras", help="what to write [keras]")
    write.add_argument("--to", default=".", metavar="FOLDER", help="where to put it [.]")

    fewer = _command(commands, "quantize", _quantize, "size, speed and accuracy of a run's network in fewer bits")
    fewer.add_argument("run_id", metavar="RUN", help="id of the run")

    draw = _command(commands, "map", _map, "map images by their features, and report how far to trust the map")
    options.add(draw, maps.MapConfig, Source)

    listing = _command(commands, "runs", _runs, "every run in the store; several seeds or a sweep are one entry")
    listing.add_argument("entry", nargs="?", metavar="ENTRY", help="id of an entry: list its runs")
    listing.add_argument("--archived", action="store_true", help="include those that are archived")
    older = "first compute the measures, such as F1, of runs from before they were stored"
    listing.add_argument("--measures", action="store_true", help=older)


def _add_data(commands: Any) -> None:
    library = _command(
        commands,
        "datasets",
        _datasets,
        "list the datasets, or import, rename, relabel or delete one, or gather everybody's photos",
    )
    library.add_argument("action", nargs="?", choices=tuple(images.ACTIONS), default="list", help="what to do [list]")
    library.add_argument("names", nargs="*", metavar="NAME", help="; ".join(filter(None, images.ACTIONS.values())))

    check = _command(
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

    contest = _command(commands, "challenge", _challenge, "list the challenges of the class; open, close or enter one")
    contest.add_argument(
        "action", nargs="?", choices=tuple(challenges.ACTIONS), default="list", help="what to do [list]"
    )
    contest.add_argument("names", nargs="*", metavar="NAME", help="; ".join(filter(None, challenges.ACTIONS.values())))

    _command(commands, "recipes", _recipes, "list the named experiments for `run --recipe`")
    _command(commands, "backbones", _backbones, "list the architectures")


def _add_machine(commands: Any) -> None:
    defaults = RunConfig()
    warm = _command(commands, "warm", _warm, "prepare a lecture: fetch weights and data, fill the feature cache")
    warm.add_argument("--dataset", default=defaults.dataset, metavar="NAME", help="name of a dataset")
    warm.add_argument("--backbones", nargs="+", default=[defaults.backbone], metavar="NAME", help="names of backbones")
    warm.add_argument("--input-size", type=int, default=0, metavar="PX", help="pixels; 0: each backbone's default")
    warm.add_argument("--lesson", choices=tuple(lessons.LESSONS), help="prepare everything that a lesson needs instead")

    cache = _command(commands, "cache", _cache, "list or clear the cached features and maps")
    cache.add_argument("--clear", action="store_true", help="delete every cached feature and every map")

    grades = _command(commands, "lessons", _lessons, "list who did which lesson, and how they answered its questions")
    grades.add_argument("file", nargs="?", type=Path, metavar="FILE", help="write each task and answer to a CSV file")

    save = _command(commands, "backup", _backup, "write the home folder to one file, even while runs continue")
    save.add_argument("file", type=Path, metavar="FILE", help="a new file, such as lab.tar.gz")
    save.add_argument("--caches", action="store_true", help="include what can be computed again: features, maps, ...")

    back = _command(commands, "restore", _restore, "restore a backup into an empty home folder, or a lost run store")
    back.add_argument("file", nargs="?", type=Path, metavar="FILE", help="of `backup` [newest backup of the store]")

    _command(commands, "new-class", _new_class, "archive the work and names of learners, and begin a new class")

    _command(commands, "doctor", _doctor, "check this machine: what it is, what is available, what will be slow")

    bench = _command(commands, "bench", _bench, "measure; results are recorded in docs/benchmarks.md")
    bench.add_argument("name", choices=tuple(BENCHES), help="what to measure")
    for name, kind in BENCH_OPTIONS.items():
        bench.add_argument(f"--{name.replace('_', '-')}", type=kind, help="override the benchmark's own value")


def _command(commands: Any, name: str, function: Callable, text: str) -> ArgumentParser:
    command = commands.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
    command.add_argument("--json", action="store_true", help="print one JSON value")
    command.set_defaults(command=function)
    return command


def _run(parsed: Namespace) -> tuple[dict, str]:
    fields = options.given(parsed, RunConfig)
    for name in ("epochs", "batch_size", "learning_rate"):  # 0 means the default, which needs no option
        if fields.get(name) == 0:
            raise ConfigError(f"{name} is 0", "more than 0", "Leave it out for the default")
    for name in ("templates", "classes"):  # likewise
        if fields.get(name) == "":
            raise ConfigError(f"The {name} are empty", "at least one line", "Leave the option out for the default")
    fields["dataset"] = _dataset_name(fields.get("dataset", RunConfig.dataset))
    recipe = fields.pop("recipe", "")
    config = recipes.get(recipe).config(**fields) if recipe else RunConfig(**fields)
    configs = _several(config, parsed)
    planned = plan(*configs)  # raises what would fail at once, before a run is stored
    varied = sweeps.varied(configs)
    entry = runs.new_entry(varied) if len(configs) > 1 else ""
    if entry and planned.estimate:
        print(f"{len(configs)} runs, about {planned.estimate.seconds:,.0f} s", file=sys.stderr)
    if settings.scheduler():
        ids = _on_cluster(lambda engine: [engine.submit(one, entry=entry, varied=varied) for one in configs])
    else:
        ids = [runs.create(one, entry=entry, varied=varied) for one in configs]
        _here(ids)
    return _of_entry(entry) if entry else _described(runs.get(ids[0]))


def _several(config: RunConfig, parsed: Namespace) -> list[RunConfig]:
    """The run, or those of its seeds or its sweep."""
    if not parsed.vary:
        return seeds.configs(config, parsed.seeds)
    if parsed.seeds > 1:
        raise ConfigError("Both --seeds and --vary are given", "one of them", "Repeat the chosen run with --seeds")
    return sweeps.configs(config, sweeps.parse(parsed.vary))


def _resume(parsed: Namespace) -> tuple[dict, str]:
    row = runs.row(parsed.run_id)  # raises if it does not exist
    if settings.scheduler():
        _on_cluster(lambda engine: _queue_again(row.id, engine.resume, engine.submit))
    else:
        runs.mark_interrupted()
        ids = _queue_again(row.id, _resume_here, runs.create)
        _here(ids)
    return _of_entry(row.id) if row.members else _described(runs.get(row.id))


def _resume_here(run_id: str) -> None:
    execute.check_resumable(run_id)
    runs.resume(run_id)


def _queue_again(run_id: str, resume: Callable[[str], None], create: Callable[..., str]) -> list[str]:
    """Queue a run again, or what of an entry did not finish; returns the ids, and prints what cannot be resumed."""
    row = runs.row(run_id)
    if row.members and not row.resumable:
        raise RunError(
            f"Every run of {run_id} has finished",
            "one that has not",
            f"List them: `python -m core runs {run_id}`",
        )
    ids, refused = row.queue_again(resume, create)
    if refused and not row.members:
        raise refused[0][1]
    for name, error in refused:  # the others go on
        print(f"{name}: {error}", file=sys.stderr)
    return ids


def _here(ids: Sequence[str]) -> None:
    """Perform runs in this process, one after the other; stopping one stops those after it."""
    for number, run_id in enumerate(ids):
        with Bar() as bar:
            status = execute.perform(run_id, bar)
        if status == "stopped":
            for waiting in ids[number + 1 :]:
                runs.end(waiting, "stopped")
            return


def _on_cluster(begin: Callable[[Engine], list[str]]) -> list[str]:
    """Perform runs on the workers of a scheduler and follow their progress; returns their ids."""
    engine, ids = Engine.start(), []
    try:
        ids = begin(engine)
        for run_id in ids:
            with Bar() as bar:
                _follow(engine, run_id, bar)
    except KeyboardInterrupt:
        for run_id in ids:
            engine.stop(run_id)
        raise
    finally:
        engine.close()
    return ids


def _follow(engine: Engine, run_id: str, bar: Bar) -> None:
    shown = None
    while (run := runs.get(run_id)).status not in runs.ENDED:
        if run.progress:
            bar(run.progress)
        reason = engine.why_unavailable("train")
        if reason and str(reason) != shown:
            print(f"waiting: {reason}", file=sys.stderr)
        shown = reason and str(reason)
        time.sleep(runs.REPORT_EVERY)


def _of_entry(entry: str) -> tuple[dict, str]:
    """An entry as JSON values and as text."""
    row = runs.row(entry)
    if len(row.members) == 1:  # all others were deleted
        return _described(runs.get(row.members[0].id))
    return entries.described(row)


def _described(run: runs.Run) -> tuple[dict, str]:
    """A finished run as JSON values and as text."""
    if run.status != "finished":
        again = f"Continue it: python -m core resume {run.id}" if run.status in runs.RESUMABLE else ""
        raise LabError(f"Run {run.id} {run.status}{': ' + run.error if run.error else ''}", remedy=again)
    config, outcome = run.config, run.tested()
    names = ("accuracy", "accuracy_low", "accuracy_high", "seconds", "images_per_second", "hardware", "protocol")
    values = {name: getattr(outcome, name) for name in (*names, "stages", "cached", "weights_origin", "notes")}
    untrained = " (untrained weights)" if outcome.weights_origin == "untrained" and config.method != "scratch" else ""
    lines = [
        f"{config.backbone}{untrained}: accuracy {outcome.accuracy:.1%} "
        f"(95 % interval {outcome.accuracy_low:.1%} to {outcome.accuracy_high:.1%})"
    ]
    if outcome.frozen_accuracy is not None:
        lines.append(f"{outcome.frozen_accuracy:.1%} before anything was unfrozen")
    lines += [outcome.protocol, f"{_durations(outcome.seconds)}, measured on {outcome.hardware}"]
    leaked = leaks.of_run(run)
    lines += [*outcome.notes, *([leaks.sentence(leaked)] if leaked else []), f"run {run.id}"]
    values |= {"leaks": leaked and asdict(leaked), "config": asdict(config)}
    return {"run_id": run.id} | values, "\n".join(lines)


def _export(parsed: Namespace) -> tuple[dict, str]:
    with Bar() as bar:
        path = export.export(parsed.run_id, parsed.format, Path(parsed.to), report=bar)
    if parsed.format == "savedmodel":
        print(export.SAVED_MODEL_FILES, file=sys.stderr)
    return {"run_id": parsed.run_id, "format": parsed.format, "path": str(path)}, str(path)


def _quantize(parsed: Namespace) -> tuple[dict, str]:
    with Bar() as bar:
        measured = quantization.measure(parsed.run_id, bar)
    table = quantization.table(measured)
    lines = [
        table.to_string(index=False, float_format="{:.3f}".format),
        f"{len(measured.rows):,} test images, one at a time; calibrated on {measured.calibrated_on} training images",
        f"p_value: McNemar's exact test against float32; measured on {measured.hardware}",
        f"To write one: python -m core export {parsed.run_id} --format {' or '.join(formats.FEWER_BITS)}",
    ]
    values = {"run_id": parsed.run_id, "hardware": measured.hardware, "images": len(measured.rows)}
    return values | {"kinds": table.to_dict("records")}, "\n".join(lines)


def _map(parsed: Namespace) -> tuple[dict, str]:
    parsed.dataset = _dataset_name(parsed.dataset)
    source = Source(**options.given(parsed, Source))
    with Bar() as bar:
        drawn = maps.compute(maps.MapConfig(source, **options.given(parsed, maps.MapConfig)), bar)
    quality = {name: value for name, value in drawn.quality.items() if isinstance(value, float)}
    path = maps.positions_path(drawn.key)
    lines = [
        f"{maps.METHODS[parsed.method].title} of {len(drawn.rows):,} images: "
        + ", ".join(f"{name} {value:.3f}" for name, value in quality.items()),
        f"{drawn.quality['judged']:,.0f} images judged, each against all; "
        f"{_durations(drawn.seconds)}, measured on {drawn.hardware}",
        *drawn.notes,
        str(path),
        f"map {drawn.key}",
    ]
    result = {name: getattr(drawn, name) for name in ("key", "quality", "explained", "seconds", "hardware", "notes")}
    result |= {"images": len(drawn.rows), "positions": path, "config": asdict(drawn.config)}
    return result, "\n".join(lines)


def _durations(seconds: dict[str, float]) -> str:
    return ", ".join(f"{stage} {duration:.1f} s" for stage, duration in seconds.items())


def _dataset_name(text: str) -> str:
    """A dataset's name; a path is imported first, cifar10 and cifar100 are downloaded if missing."""
    if os.sep in text or Path(text).suffix == ".zip":
        return images.import_path(text)
    if any(summary.name == text and summary.state != "ready" for summary in datasets.available()):
        with Bar() as bar:
            datasets.fetch(text, report=bar)
    return text


def _datasets(parsed: Namespace) -> tuple[list[dict], str]:
    return images.perform(parsed.action, parsed.names)


def _challenge(parsed: Namespace) -> tuple[list[dict], str]:
    return challenges.perform(parsed.action, parsed.names)


def _check(parsed: Namespace) -> tuple[dict, str]:
    with Bar() as bar:
        name = _dataset_name(parsed.dataset)
        if parsed.labels:
            return images.check_labels(name, parsed.labels, bar)
        return images.check(name, clean=parsed.clean, report=bar)


def _recipes(parsed: Namespace) -> tuple[list[dict], str]:
    names = ("name", "title", "idea", "backbones")
    lines = [f"{recipe.name}: {recipe.idea}\n    {', '.join(recipe.backbones)}" for recipe in RECIPES.values()]
    return [{name: getattr(recipe, name) for name in names} for recipe in RECIPES.values()], "\n".join(lines)


def _backbones(parsed: Namespace) -> tuple[list[dict], str]:
    specs = [asdict(backbones.get(name)) for name in backbones.pretrained_names()]
    shown = ["name", "family", "year", "params", "depth", "default_size", "preprocessing", "top1"]
    return specs, pd.DataFrame(specs)[shown].to_string(index=False)


def _runs(parsed: Namespace) -> tuple[list[dict], str]:
    if parsed.measures:
        _add_measures()
    rows = [row for row in runs.fold(runs.rows()) if parsed.archived or not row.archived]
    accuracy = "accuracy"
    if parsed.entry:
        row = runs.row(parsed.entry)
        rows = row.members or [row]
        accuracy = "validation_accuracy" if row.cells else accuracy  # by which a sweep chooses
    table = runs.table(rows)
    names = ["run_id", "status", "dataset", "backbone", "method", "input_size", "seed", "seeds", accuracy, "seconds"]
    shown = table[names]
    text = shown.to_string(index=False) if len(table) else "No runs yet: `python -m core run` makes one."
    return json.loads(quoting.json_rows(table)), text


def _add_measures() -> None:
    older = [row for row in runs.rows() if row.has_result and isnan(row.macro_f1)]
    with Bar() as bar:
        for done, row in enumerate(older):
            bar(Progress("evaluate", done, len(older), unit="runs"))
            try:
                runs.add_scores(row.id)
            except RunError as error:  # the others have theirs
                print(f"{row.name}: {error}", file=sys.stderr)


def _lessons(parsed: Namespace) -> tuple[list[dict], str]:
    table = gradebook.table(runs.rows())
    if parsed.file:
        tables.write(table, parsed.file)
    records = json.loads(quoting.json_rows(table))
    return records, gradebook.summary(table).to_string(index=False)


def _warm(parsed: Namespace) -> tuple[list[dict], str]:
    if parsed.lesson:
        with Bar() as bar:
            prepared = lessons.prepare(parsed.lesson, bar)
        done = ", ".join(prepared) if prepared else "nothing to do"
        return [{"lesson": parsed.lesson, "prepared": prepared}], f"Lesson {parsed.lesson} is ready: {done}"
    parsed.dataset = _dataset_name(parsed.dataset)
    warmed = []
    for name in parsed.backbones:
        with Bar() as bar:
            config = RunConfig(dataset=parsed.dataset, backbone=name, input_size=parsed.input_size)
            outcome = execute.execute(config, bar).outcome
            if name in encoder.NAMES:  # zero-shot needs the features after the projection
                dataset = datasets.load(parsed.dataset)
                encoder.image_features(name, dataset, np.arange(len(dataset.images)), bar)
        warmed.append({"backbone": name, "cached": outcome.cached, "seconds": sum(outcome.seconds.values())})
    return warmed, "\n".join(f"{entry['backbone']}: ready after {entry['seconds']:.1f} s" for entry in warmed)


def _cache(parsed: Namespace) -> tuple[dict, str]:
    if parsed.clear:
        features.clear()
        maps.clear()
        inference.evict(0)
    entries, drawn = features.entries(), maps.entries()
    total, drawn_bytes = (sum(entry.bytes for entry in kept) for kept in (entries, drawn))
    budget = settings.cache_budget()
    lines = [_cache_line(entry.backbone, entry.dataset, entry) for entry in entries]
    used = f"{total / 1e9:.2f} of {budget / 1e9:.0f} GB in {settings.home() / 'features'}"
    lines.append(f"{len(entries)} entries, {used}")
    lines += [_cache_line(entry.config.method, entry.config.source.dataset, entry) for entry in drawn]
    lines.append(f"{len(drawn)} maps, {drawn_bytes / 1e9:.2f} GB in {settings.home() / 'maps'}")
    networks = inference.kept()
    network_bytes = sum(networks.values())
    where = f"{network_bytes / 1e9:.2f} GB in {settings.home() / inference.FOLDER}"
    lines.append(f"{len(networks)} networks converted for OpenVINO, {where}")
    result = {"entries": [asdict(entry) for entry in entries], "bytes": total, "budget": budget}
    result |= {"maps": [asdict(entry) for entry in drawn], "maps_bytes": drawn_bytes}
    return result | {"networks": len(networks), "networks_bytes": network_bytes}, "\n".join(lines)


def _cache_line(name: str, dataset: str, entry: Any) -> str:
    return f"{name:20} {dataset:18} {entry.images:>7,} images {entry.bytes / 1e6:>9,.1f} MB"


def _backup(parsed: Namespace) -> tuple[dict, str]:
    with Bar() as bar:
        size = home.backup(parsed.file, caches=parsed.caches, report=bar)
    elsewhere = "" if connection.is_ours(settings.tracking_uri()) else ". Runs are in another store: not included"
    return {"file": str(parsed.file), "bytes": size}, f"{parsed.file} has {size / 1e6:,.1f} MB{elsewhere}"


def _restore(parsed: Namespace) -> tuple[dict, str]:
    if parsed.file:
        with Bar() as bar:
            created = home.restore(parsed.file, bar)
        return {"home": str(settings.home()), "created": created}, f"{settings.home()} is as it was on {created}"
    backup, aside = backups.restore()
    kept = f" The replaced file is now {aside}." if aside else ""
    return {"backup": str(backup), "replaced": aside and str(aside)}, f"The run store was restored from {backup}.{kept}"


def _new_class(parsed: Namespace) -> tuple[dict, str]:
    with Bar() as bar:
        file = home.begin_class(bar)
    return {"file": str(file)}, f"The class is in {file}. `restore` opens it in an empty home folder"


def _doctor(parsed: Namespace) -> tuple[dict, str]:
    findings = doctor.examine()
    return findings, doctor.describe(findings)


def _bench(parsed: Namespace) -> tuple[dict, str]:
    fields = {name: getattr(parsed, name) for name in BENCH_OPTIONS if getattr(parsed, name) is not None}
    accepted = inspect.signature(BENCHES[parsed.name]).parameters
    if unread := [name.replace("_", "-") for name in fields if name not in accepted]:
        expected = ", ".join(f"--{name.replace('_', '-')}" for name in accepted)
        raise ConfigError(f"bench {parsed.name} has no option --{unread[0]}", f"some of {expected}", "Leave it out")
    figures = {"hardware": hardware.name()} | BENCHES[parsed.name](**fields)
    return figures, "\n".join(f"{name}: {value}" for name, value in figures.items())
