"""The network of a run in fewer bits: its size, speed and accuracy, and the images that it answers otherwise."""

import numpy as np
import streamlit as st

from core import export, metrics
from core.export import quantization
from core.export.quantization import KINDS, Quantization
from core.runs import RunRow
from dashboard import server
from dashboard.run import export as export_tab
from dashboard.ui import choices, findings, formats, image_grid, task_progress

TAB = "Fewer bits"


def show(run: RunRow) -> None:
    """What was measured, or the button that measures it."""
    task = server.quantization.task(run.id)
    measured = None if task.running else server.quantization.result(run.id)
    if measured is None:
        task_progress.offer(
            task,
            "Measure in fewer bits",
            why="A phone has less memory and slower arithmetic. LiteRT stores weights in 16 or 8 bits instead of 32: "
            "how small and how fast does this network become, and what does that cost?",
            icon=":material/compress:",
        )
        return
    _table(measured)
    kind = choices.titled(st.segmented_control, "bits", "Against float32", _fewer(), required=True)
    change = measured.change(kind)
    st.markdown(findings.change(change, "float32", KINDS[kind]))
    checked = formats.count(min(export.CHECKED, len(measured.rows)), "test image")
    export_tab.model(run.id, f"litert-{kind}", f"what was measured on {checked}")
    _images(run, measured, kind)


def _fewer() -> dict[str, str]:
    return {kind: title for kind, title in KINDS.items() if kind != "float32"}


def _table(measured: Quantization) -> None:
    table = quantization.table(measured)
    images = len(measured.rows)
    accuracies = [metrics.wilson(int(measured.right(kind).sum()), images) for kind in measured.kinds]
    shares = [f"{formats.percent(each.value)} ({formats.interval(each.low, each.high)})" for each in accuracies]
    st.dataframe(
        {
            "Bits": table["kind"],
            "Size": [f"{size:.1f} MB" for size in table["megabytes"]],
            "One image": [f"{time:.2f} ms" for time in table["milliseconds"]],
            "Accuracy": shares,
            "Changed answers": ["", *map(formats.count, table["changed"][1:])],
            "p against float32": ["", *(f"{p:.3f}" for p in table["p_value"][1:])],
        },
        hide_index=True,
        height="content",
    )
    st.caption(
        f"On {formats.count(images, 'test image')}, one at a time, in turns, on {measured.hardware}; medians, and 95 % "
        f"intervals. Calibrated on {formats.count(measured.calibrated_on, 'training image')}, which set the range of "
        "each layer's values. p: McNemar's exact test. On a phone, another kind may be the fastest."
    )


def _images(run: RunRow, measured: Quantization, kind: str) -> None:
    positions = measured.changed(kind)
    if not len(positions):
        st.caption("It gives the same answer as float32 to every image.")
        return
    st.markdown(f"**Changed answers**: {formats.count(len(positions), 'image')}")
    st.caption(
        f"The true class, then the answers of float32 and of {KINDS[kind]}; click one to see what the run looks at"
    )
    rows = np.asarray(measured.rows)[positions]
    names = [formats.plain(name) for name in server.datasets.get(run.config.dataset).class_names]
    true, before, after = (
        [names[answers[position]] for position in positions]
        for answers in (measured.labels, measured.kinds["float32"].predictions, measured.kinds[kind].predictions)
    )
    captions = [f"**{label}**  \n{first}  \n{second}" for label, first, second in zip(true, before, after, strict=True)]
    image_grid.show(run, rows, captions, key=f"bits-{kind}", tab="Images")
