"""What this machine is, which weights and datasets it has, and what will be slow: to check before a lecture."""

import shutil
from argparse import Namespace
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from typing import Any

from core import backbones, execute, features, hardware, keras_defaults, runs, server_lock, settings
from core.cli import options
from core.cluster import OPEN, check_workers
from core.curriculum import lessons, tasks
from core.data import datasets
from core.errors import LabError
from core.features import throughput
from core.runs import RESUMABLE, RunRow, connection
from core.zero_shot import encoder

SLOW = 600  # seconds for 10,000 images: worth a warning
SLOW_RATIO = 3  # times the published CPU time of MobileNetV2


def add(commands: Any) -> None:
    """Add the command `doctor`."""
    options.command(commands, "doctor", _doctor, "check this machine: what it is, what is available, what will be slow")


def _doctor(parsed: Namespace) -> tuple[dict, str]:
    findings = examine()
    return findings, describe(findings)


def examine() -> dict:
    """Findings as plain data; nothing is downloaded, computed or changed."""
    free = shutil.disk_usage(settings.folder(".")).free  # first: raises for a home folder that cannot be used
    here = [name for name in backbones.names() if backbones.published_here(name)]
    measured = throughput.table()
    measured = measured[measured["hardware"] == hardware.name()]
    rows = runs.rows()
    store = settings.tracking_uri()
    file = connection.file_of(store)
    summaries, faults = datasets.examined()
    limit = SLOW_RATIO * (backbones.get("MobileNetV2").cpu_ms or 0)
    return {
        "hardware": hardware.describe(),
        "backend": keras_defaults.backend(),
        "versions": hardware.versions(),
        "home": str(settings.home()),
        "server": server_lock.holder(),
        "disk_free_gb": round(free / 1e9, 1),
        "scheduler": settings.scheduler(),
        "scheduler_is_open": settings.scheduler_is_open(),
        "workers_error": _error(check_workers),
        "store": store,
        "store_on_share": file and hardware.share(file),
        "cache_gb": round(sum(entry.bytes for entry in features.entries()) / 1e9, 2),
        "cache_budget_gb": settings.cache_budget() / 1e9,
        "weights_here": here,
        "clip_here": encoder.here(),
        "clip_missing": [name for name in encoder.NAMES if name not in encoder.here()],
        "weights_missing": [name for name in backbones.names() if name not in here],
        "datasets": {summary.name: summary.state for summary in summaries},
        "datasets_damaged": faults,
        "runs_checked": bool(file),  # files on a server are not downloaded
        "runs_damaged": [error for row in rows if file and (error := _error(_read, row))],
        "speeds": {
            f"{row['backbone']} at {row['input_size']} px": row["images_per_second"]
            for row in measured.to_dict("records")
            if row["backbone"] in backbones.BACKBONES  # not a training, or Keras's own pass
        },
        "slow_here": [name for name in backbones.names() if (backbones.get(name).cpu_ms or 0) > limit],
        "lessons": {name: tasks.missing(name, rows) for name in lessons.LESSONS},
        "keras_settings_ignored": keras_defaults.ignored(),
        "missing_packages": [name for name in ("tensorflow", "streamlit", "plotly") if not find_spec(name)],
    }


def _read(run: RunRow) -> None:
    """Read the files of a run with a result, or look at those of one that can be resumed, which may have gigabytes.

    Raises:
        RunError: One is missing, damaged or not readable.
    """
    if run.has_result:
        files = (runs.get, runs.predictions, runs.confusion, runs.model_path if run.config.trains else runs.head)
        for read in files:
            read(run.id)
    elif run.status in RESUMABLE:
        execute.check_resumable(run.id)


def _error(action: Callable, *arguments: Any) -> str:
    """What is wrong, in a sentence; empty if nothing is."""
    try:
        action(*arguments)
    except LabError as error:
        return str(error)
    return ""


def describe(findings: dict) -> str:
    """The findings as lines of text, with what to do about them."""
    machine = findings["hardware"]
    room = ": make room" if findings["disk_free_gb"] < 1 else ""
    lines = [
        f"Device      {machine['gpu'] or machine['cpu']}, {machine['cores']} cores, {machine['memory_gb']} GB memory",
        f"System      {machine['os']}, Python {machine['python']}",
        f"Backend     {_backend(findings)}",
        f"Home        {findings['home']}, {findings['disk_free_gb']} GB free{room}",
        *([f"            in use by {findings['server']}"] if findings["server"] else []),
        f"Runs        {findings['store']}",
        *([] if findings["runs_checked"] else ["            their files were not checked: a server keeps them"]),
        *(f"            {error}" for error in findings["runs_damaged"]),
        *([f"            {_shared(findings)}"] if findings["store_on_share"] else []),
        f"Workers     {findings['scheduler'] or 'local'}",
        *([f"            {findings['workers_error']}"] if findings["workers_error"] else []),
        *([f"            {OPEN.format(address=findings['scheduler'])}"] if findings["scheduler_is_open"] else []),
        f"Cache       {findings['cache_gb']} of {findings['cache_budget_gb']:g} GB",
        "Datasets    " + ", ".join(f"{name} ({state})" for name, state in findings["datasets"].items()),
        *(f"            {error}" for error in findings["datasets_damaged"]),
        *_networks(findings),
    ]
    for name, rate in findings["speeds"].items():
        seconds = 10_000 / rate
        warning = "  <- slow: extract it before the lecture" if seconds > SLOW else ""
        lines.append(f"Measured    {name}: {rate:.0f} images/s, 10,000 images take {seconds:.0f} s{warning}")
    if not findings["speeds"]:
        lines.append("Measured    no speed yet: every run measures its own")
    for name, lacking in findings["lessons"].items():
        state = f"to do: {'; '.join(lacking)}. `python -m core warm --lesson {name}` does it" if lacking else "ready"
        lines.append(f"Lesson      {name}: {state}")
    if not machine["gpu"]:
        lines.append(
            f"Slow here   by published CPU times, over {SLOW_RATIO} x MobileNetV2: {', '.join(findings['slow_here'])}"
        )
    if ignored := findings["keras_settings_ignored"]:
        values = ", ".join(f"{name} {value}" for name, value in ignored.items())
        lines.append(f"Keras       {keras_defaults.file()} says {values}: left by other programs, and ignored here")
    if findings["missing_packages"]:
        lines.append(f"Missing     {', '.join(findings['missing_packages'])}: `pip install -r requirements.txt`")
    return "\n".join(lines)


def _networks(findings: dict) -> Iterator[str]:
    """Which weights are here, and where the others come from."""
    yield f"Weights     here: {', '.join(findings['weights_here'])}"
    if missing := findings["weights_missing"]:
        yield f"            to download on first use: {', '.join(missing)}"
        yield f"            `python -m core warm --backbones NAME` fetches them; or put files in {_weights()}"
    yield f"Zero-shot   here: {', '.join(findings['clip_here'])}"
    if missing := findings["clip_missing"]:
        yield f"            not here: {', '.join(missing)}"
        yield f"            put a folder from Hugging Face, as clip-vit-base-patch32, into {_weights()}"


def _backend(findings: dict) -> str:
    """What computes where, and what it cannot do."""
    backend, installed, gpu = findings["backend"], findings["versions"], findings["hardware"]["gpu"]
    name = keras_defaults.BACKENDS[backend]
    where = f"{name} {installed.get(backend, 'is missing')} on {gpu or 'the CPU'}"
    if backend == "jax":
        slower = "" if gpu else "; TensorFlow is faster here, as it has OpenVINO for frozen networks"
        return f"{where}{slower}. Exports to SavedModel and LiteRT need KERAS_BACKEND=tensorflow"
    return where if gpu else f"{where}, frozen networks on OpenVINO {installed.get('openvino', 'is missing')}"


def _shared(findings: dict) -> str:
    return connection.SHARED.format(path=connection.file_of(findings["store"]), kind=findings["store_on_share"])


def _weights() -> str:
    return str(settings.home() / "weights")
