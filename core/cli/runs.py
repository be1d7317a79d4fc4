"""Runs in the terminal: performed here or on a cluster, resumed, listed."""

import json
import sys
import time
from argparse import Namespace
from collections.abc import Callable, Sequence
from dataclasses import asdict
from math import isnan
from typing import Any

from core import execute, quoting, recipes, runs, seeds, settings, sweeps
from core.cli import entries, images, options
from core.cli.bar import Bar
from core.config import RunConfig
from core.engine import Engine
from core.errors import ConfigError, LabError, RunError
from core.evaluation import leaks
from core.plan import plan
from core.progress import Progress
from core.recipes import RECIPES


def add(commands: Any) -> None:
    """Add the commands `run`, `resume` and `runs`."""
    run = options.command(commands, "run", _run, "probe or fine-tune a backbone on a dataset and store the run")
    options.add(run, RunConfig, choices={"recipe": RECIPES}, unset=True)
    several = f"runs from --seed upwards, as one entry; at most {seeds.MOST} [1]"
    run.add_argument("--seeds", type=int, default=1, metavar="N", help=several)
    grid = f"a sweep: one run for each value; of two such settings, for each pair; at most {sweeps.MOST} runs"
    run.add_argument("--vary", action="append", metavar="SETTING=VALUE,...", help=grid)

    resume = options.command(commands, "resume", _resume, "continue a run that was stopped, paused or interrupted")
    resume.add_argument("run_id", metavar="RUN", help="id of the run, or of an entry of several seeds or of a sweep")

    listing = options.command(commands, "runs", _runs, "every run in the store; several seeds or a sweep are one entry")
    listing.add_argument("entry", nargs="?", metavar="ENTRY", help="id of an entry: list its runs")
    listing.add_argument("--archived", action="store_true", help="include those that are archived")
    older = "first compute the measures, such as F1, of runs from before they were stored"
    listing.add_argument("--measures", action="store_true", help=older)


def _run(parsed: Namespace) -> tuple[dict, str]:
    configs = _several(_config(parsed), parsed)
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


def _config(parsed: Namespace) -> RunConfig:
    """The settings of the run, of which a recipe may give some."""
    fields = options.given(parsed, RunConfig)
    for name in ("epochs", "batch_size", "learning_rate"):  # 0 means the default, which needs no option
        if fields.get(name) == 0:
            raise ConfigError(f"{name} is 0", "more than 0", "Leave it out for the default")
    for name in ("templates", "classes"):  # likewise
        if fields.get(name) == "":
            raise ConfigError(f"The {name} are empty", "at least one line", "Leave the option out for the default")
    fields["dataset"] = images.dataset_name(fields.get("dataset", RunConfig.dataset))
    recipe = fields.pop("recipe", "")
    return recipes.get(recipe).config(**fields) if recipe else RunConfig(**fields)


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
    lines += [outcome.protocol, f"{durations(outcome.seconds)}, measured on {outcome.hardware}"]
    leaked = leaks.of_run(run)
    lines += [*outcome.notes, *([leaks.sentence(leaked)] if leaked else []), f"run {run.id}"]
    values |= {"leaks": leaked and asdict(leaked), "config": asdict(config)}
    return {"run_id": run.id} | values, "\n".join(lines)


def durations(seconds: dict[str, float]) -> str:
    """Seconds of each stage, in words."""
    return ", ".join(f"{stage} {duration:.1f} s" for stage, duration in seconds.items())


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
