"""Exports of a run: its model as files for other programs, or the code that repeats it.

    keras         keras.models.load_model
    savedmodel    image files or pixels in, class names and probabilities out   TensorFlow Serving
    litert        LiteRT on phones and small boards
    onnx          ONNX Runtime, and much else that reads ONNX
    openvino      OpenVINO on Intel's processors
    litert-...    LiteRT in fewer bits (`core.export.quantization`)
    script, notebook    `core.export.script`

A model is a folder: its files, labels.txt, and classify.py (`core.export.classify`), which runs it on image files. That
script must reproduce the run's stored predictions, or what was measured in fewer bits, before the folder gets its final
name. The model includes resizing and preprocessing. Runs in the worker, apart from `FORMATS` and `target`.
"""

import tempfile
from pathlib import Path

from core import keras_defaults, runs, storage
from core.data import datasets
from core.errors import ConfigError, RunError, closest
from core.export import agreement, quantization, writers
from core.export.script import script
from core.progress import Progress, Report, silent
from core.runs import models

FEWER_BITS = {f"litert-{kind}": kind for kind in quantization.KINDS if kind != "float32"}  # format -> its kind
FORMATS = {
    "keras": "Keras",
    "savedmodel": "SavedModel",
    "litert": "LiteRT",
    "onnx": "ONNX",
    "openvino": "OpenVINO",
    **{name: f"LiteRT, {quantization.KINDS[kind]}" for name, kind in FEWER_BITS.items()},
    "script": "Python script",
    "notebook": "Jupyter notebook",
}
CODE = {"script": ".py", "notebook": ".ipynb"}  # format -> suffix; all others are models
WRITERS = {
    "keras": writers.keras,
    "savedmodel": writers.saved_model,
    "litert": writers.litert,
    "onnx": writers.onnx,
    "openvino": writers.openvino,
}


def export(run_id: str, format: str, folder: Path, report: Report = silent) -> Path:
    """Write a run into a folder, created if missing; an older export of the same name is replaced.

    Returns:
        The file of the code, or the folder of a model.

    Raises:
        ConfigError: The format is unknown, or needs packages that are not installed.
        RunError: The run does not exist or has no model, the folder cannot be written, or the written model does not
            reproduce the run. Nothing is left behind.
        DatasetError: The test images are no longer on this machine.
    """
    if format not in FORMATS:
        raise ConfigError(f"There is no format {format!r}", f"one of {', '.join(FORMATS)}", closest(format, FORMATS))
    run = runs.get(run_id) if format in CODE else models.check(run_id)
    path = target(run, format, Path(folder))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=".export-") as temporary:
            unchecked = Path(temporary) / path.name
            if format in CODE:
                text = script.python_script(run) if format == "script" else script.notebook(run)
                unchecked.write_text(text, encoding="utf-8")
            else:
                unchecked.mkdir()
                _write_model(run, format, unchecked, report)
            _rename(unchecked, path)
    except OSError as error:
        raise RunError(
            f"{path} cannot be written ({error.strerror or error})", "", "Free some space, or choose another folder"
        ) from error
    return path


def target(run: runs.Run, format: str, folder: Path) -> Path:
    """Path of an export of this run."""
    suffix = CODE.get(format, f"-{format}")
    return folder / f"{run.config.backbone}-{run.config.method}-{run.id[:8]}{suffix}"


def _rename(unchecked: Path, path: Path) -> None:
    """Give a complete export its final name."""
    if path.is_dir():
        path.rename(unchecked.parent / "old")  # deleted with the temporary folder
    unchecked.rename(path)


def _write_model(run: runs.Run, format: str, folder: Path, report: Report) -> None:
    if format != "keras":
        keras_defaults.need_tensorflow(f"export to {FORMATS[format]}")
    report(Progress("export", 0, 2, unit="steps"))
    try:
        if format in FEWER_BITS:
            _write_in_fewer_bits(run, FEWER_BITS[format], folder, report)
        else:
            _write_whole(run, format, folder, report)
    except RunError:
        raise
    except Exception as error:
        if isinstance(error, OSError) or not storage.is_full(error):
            raise
        raise OSError(str(error)) from error
    report(Progress("check", 2, 2, unit="steps"))


def _write_whole(run: runs.Run, format: str, folder: Path, report: Report) -> None:
    model, names = models.load(run.id), datasets.load(run.config.dataset).class_names
    exact, rounding = model, 0.0
    if run.config.encoder.precision == "bfloat16":
        exact = writers.in_float32(model, folder.with_name("mixed.keras"))
        rounding = agreement.rounding(run, model, exact)
    written = model if format == "keras" else exact
    WRITERS[format](written, run.config.encoder, names, folder)
    writers.add_script(names, folder)
    report(Progress("check", 1, 2, unit="steps"))
    agreement.check(run, written, agreement.classifier(folder), rounding)


def _write_in_fewer_bits(run: runs.Run, kind: str, folder: Path, report: Report) -> None:
    measured = quantization.measure(run.id, report)
    path = folder / "model.tflite"
    quantization.write(run, [kind], folder.parent, report)[kind].rename(path)
    writers.add_script(datasets.load(run.config.dataset).class_names, folder)
    report(Progress("check", 1, 2, unit="steps"))
    answers = dict(zip(measured.rows, measured.kinds[kind].predictions, strict=True))
    agreement.check_in_fewer_bits(run, quantization.Network(path).predict, agreement.classifier(folder), answers)
