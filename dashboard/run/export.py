"""Exports of a run: its model as a checked file, the code that repeats it, and a report."""

import io
import shlex
import zipfile
from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from core import backbones, export, heads, people
from core.config import ZERO_SHOT
from core.errors import LabError
from core.runs import Outcome, RunRow
from dashboard import server
from dashboard.run import report
from dashboard.ui import components, formats, task_progress

TAB = "Export"
MOST = 20  # runs in one report
POLL = 0.6  # seconds between updates during an export
USES = {  # by format
    "keras": "`keras.models.load_model` opens it, on TensorFlow, JAX or PyTorch.",
    "litert": "For phones and small boards: a `.tflite` file.",
    "onnx": "For ONNX Runtime, and much else that reads ONNX.",
    "openvino": "For Intel's processors.",
    "savedmodel": "For TensorFlow Serving: image files in, class names and probabilities out. "
    + export.SAVED_MODEL_FILES,
}


def show(run: RunRow, outcome: Outcome) -> None:
    """The model, the code and the report of a finished run."""
    st.markdown(
        "**The model.** Resizing and preprocessing are inside, so nobody can forget them. Beside it are its labels and "
        "`classify.py`, which classifies image files: `python classify.py photo.jpg`."
    )
    spec = backbones.get(run.config.backbone)
    if spec.has_tokens and heads.has_layers(run.config.method):
        st.caption(
            "To open the Keras file of a transformer, also install `keras-hub`, which defines some of its layers."
        )
    elif spec.is_transformer and heads.has_layers(run.config.method):
        st.caption(
            "`layers.py` beside the Keras file defines its attention, for "
            '`keras.models.load_model(path, custom_objects={"WindowAttention": WindowAttention})`.'
        )
    if not heads.has_layers(run.config.method):
        st.caption("Nearest neighbours have no model: they compare with all training images, as the code below does.")
    else:
        _models(run.id, min(export.CHECKED, outcome.n_test))
    if run.config.method == ZERO_SHOT:
        st.markdown("**The command.** It repeats this run here; a zero-shot run has no script that runs elsewhere.")
        st.code(command(run), language="bash", wrap_lines=True)
    else:
        st.markdown(
            "**The code.** It repeats this run with Keras and NumPy alone; its first constant is the images' path."
        )
        _code(run.id)
    st.markdown("**A report.** One file that opens offline: the result, the mistakes and all settings.")
    report_of([run])


def report_of(runs: Sequence[RunRow]) -> None:
    """A button for the report of finished runs, at most the first `MOST`."""
    chosen = runs[:MOST]
    several = f" of {'these' if len(runs) <= MOST else 'the first'} {len(chosen)} runs" if len(chosen) > 1 else ""
    name = stem(chosen[0]) if len(chosen) == 1 else f"backbone-lab-{len(chosen)}-runs"
    person = people.require("see")

    def write() -> str:
        with people.acting_as(person):  # nobody acts when the button is pressed
            return report.html([run.id for run in chosen])

    st.download_button(
        f"Report{several}",
        write,
        f"{name}.html",
        "text/html",
        key="take-report",
        icon=":material/download:",
        help="One HTML file that opens offline: a comparison, and each run with its mistakes and settings",
        on_click="ignore",
    )


def stem(run: RunRow) -> str:
    """What the names of files of a run begin with."""
    return f"{run.config.backbone}-{run.config.method}-{run.id[:8]}"


def command(run: RunRow) -> str:
    """The command that repeats a zero-shot run in a terminal."""
    names = ("dataset", "backbone", "method", "weights", "templates", "classes", "n_test")
    given = {name: getattr(run.config, name) for name in names}
    options = [f"--{name.replace('_', '-')} {shlex.quote(str(value))}" for name, value in given.items() if value]
    return f"python -m core run {' '.join(options)}"


def _models(run_id: str, checked: int) -> None:
    *small, large = USES.items()
    places = [*zip(st.columns(len(small)), small, strict=True), (st.container(), large)]
    for place, (name, use) in places:
        with place.container(border=True, height="stretch"):
            st.markdown(f"**{export.FORMATS[name]}**  \n{use}")
            model(run_id, name, f"the run on {formats.count(checked, 'test image')}")


def model(run_id: str, name: str, matches: str) -> None:
    """One format: not exported, in progress, or exported and checked.

    It belongs to the page, so that a click redraws all of it; only during an export it is a polling fragment.

    Args:
        matches: What its script was compared with.
    """
    watched = server.exports.task(run_id, name).running
    draw = st.fragment(_model, run_every=POLL) if watched else _model
    draw(run_id, name, matches, watched)


def _model(run_id: str, name: str, matches: str, watched: bool) -> None:
    title, task = export.FORMATS[name], server.exports.task(run_id, name)
    if task.running:
        st.caption(":material/hourglass: Exporting, then checking against the run's test images")
        return
    if watched:
        components.redraw()
    path = None if task.error else server.exports.find(run_id, name)
    if path is None:
        task_progress.why_it_ended(task.error)
        st.button(
            f"Export {title}",
            key=f"make-{name}",
            on_click=task_progress.begin,
            args=([task],),
            icon=":material/build:",
        )
        return
    st.download_button(
        f"{title} ({formats.storage(_bytes(path))})",
        lambda: _zipped(path),
        f"{path.name}.zip",
        "application/zip",
        key=f"take-{name}",
        icon=":material/download:",
        on_click="ignore",
        type="primary",
    )
    st.caption(f":material/check: Its `classify.py` matches {matches}")


def _code(run_id: str) -> None:
    try:
        script, notebook = server.exports.code(run_id)
    except LabError as error:
        components.show_error(error)
        return
    with st.container(horizontal=True):
        for label, text, kind, mime in (
            ("Python script", script, "script", "text/x-python"),
            ("Jupyter notebook", notebook, "notebook", "application/x-ipynb+json"),
        ):
            name = server.exports.file_name(run_id, kind)
            st.download_button(
                label, text, name, mime, key=f"take-{kind}", icon=":material/download:", on_click="ignore"
            )
    with st.expander("Show the code", icon=":material/code:"):
        st.code(script, language="python", line_numbers=True)


def _zipped(folder: Path) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.rglob("*")):
            archive.write(file, Path(folder.name) / file.relative_to(folder))
    return buffer.getvalue()


def _bytes(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
