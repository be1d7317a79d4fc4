"""Pieces that several pages draw, so that they look the same everywhere."""

import io
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import numpy as np
import plotly.graph_objects as go
import streamlit as st
from PIL import Image
from streamlit.runtime.scriptrunner import get_script_run_ctx

from core.backbones import PUBLISHED
from core.errors import DatasetError, LabError
from core.evaluation import leaks as core_leaks
from core.runs import RunRow
from core.zero_shot import encoder
from dashboard import server
from dashboard.state import address, server_paths, visitor
from dashboard.ui import charts, formats, run_labels

PAGES = Path(__file__).parents[2] / "pages"
FRAME = Path(__file__).parent / "frame.css"


def page(name: str) -> str:
    """Path of a page's script, as Streamlit's navigation expects it."""
    return str(PAGES / f"{name}.py")


def link(name: str, label: str, *, icon: str = "", help: str = "", **choices) -> None:
    """A link to a page, with choices for its address bar."""
    st.page_link(page(name), label=label, icon=icon or None, help=help or None, query_params=choices or None)


def redraw() -> None:
    """Draw the whole page again: for a fragment that polls and sees that the page is out of date.

    Not while the whole page is being drawn: a press on it would be lost. The next tick asks again.
    """
    context = get_script_run_ctx()
    if context and context.fragment_ids_this_run:
        st.rerun()


def page_header(title: str, question: str) -> None:
    """The page's title and the question it answers."""
    with st.container(horizontal=True, vertical_alignment="bottom", key="page-header"):
        st.title(title, anchor=False, width="content")
        st.markdown(f":gray[{question}]", width="content")


def tabs(drawn: Mapping[str, Callable[[], None]]) -> None:
    """Tabs by their titles, of which the open one is drawn and kept in the address as `view`."""
    address.check_bound("view", "Tab", drawn)
    if st.session_state.get("view") not in drawn:  # of another page, or of a run that had more of them
        st.session_state.pop("view", None)
    for draw, tab in zip(drawn.values(), st.tabs(list(drawn), key="view", bind="query-params"), strict=True):
        if tab.open:
            with tab:
                draw()


def empty(title: str, sentence: str, *, icon: str = ":material/inbox:") -> None:
    """An empty state: what will be shown here. Put the link to the next step below it."""
    with st.container(border=True, horizontal_alignment="center"):
        st.space("small")
        st.markdown(f"### {icon} {title}", width="content")
        st.markdown(f":gray[{sentence}]", width="content")
        st.space("small")


def show_error(error: LabError) -> None:
    """Show an error: what was received, what was expected, what to do; never a traceback."""
    parts = [error.expected and f"Expected {error.expected}.", error.remedy and f"{error.remedy.rstrip('.')}."]
    explanation = " ".join(part for part in parts if part)
    st.error(formats.message(explanation), title=formats.message(error.received), icon=":material/error:")


def show_missing(error: LabError) -> None:
    """The same on a page about images, with a link to import missing ones again."""
    show_error(error)
    if isinstance(error, DatasetError):
        link("data", "Import its images again", icon=":material/photo_library:")


def toy(names: Collection[str]) -> None:
    """Point out the toy CLIP if it is among these backbones."""
    if encoder.TOY in names:
        st.info(encoder.TOY_WARNING, icon=":material/toys:")


def measured(on: str, protocol: str = "") -> None:
    """The mark of a number that this program measured; hovering shows on what and how."""
    st.badge(
        "measured", icon=":material/timer:", color="green", help=f"Measured on {on}. {formats.plain(protocol)}".strip()
    )


def cited(source: str) -> None:
    """The mark of a number that was published elsewhere; hovering shows where."""
    st.badge("cited", icon=":material/menu_book:", color="gray", help=f"Published figure: {source}")


def leaks(run: RunRow) -> None:
    """Beside the accuracy of a run: what it is without test images that are nearly training images, if any are."""
    if leaked := server.runs.leaks_of(run):
        st.caption(f":material/warning: {core_leaks.sentence(leaked)}.")


def result_card(run: RunRow) -> None:
    """A finished run on one card: its config, accuracy, interval, time and hardware."""
    with st.container(border=True, height="stretch"):
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            named = run_labels.is_named(run)
            st.markdown(f"**{formats.plain(run.name) if named else run.config.backbone}**", width="content")
            measured(run.hardware, run.protocol)
        several = run.standard_errors is not None
        st.metric(f"{'Mean accuracy' if several else 'Accuracy'} on test images", formats.percent(run.accuracy))
        st.markdown(
            f"95 % interval {formats.interval(run.accuracy_low, run.accuracy_high)}, "
            f"from {formats.count(run.n_test, 'image')}" + (f" and {run.n_seeds} seeds" if several else "")
        )
        details = [run.config.backbone] if named else []
        dataset = formats.plain(server.datasets.title(run.config.dataset))
        details += [dataset, run_labels.method(run.config), f"{run.config.input_size} px"]
        if run.n_train > 0:
            details.append(formats.count(int(run.n_train), "training image"))
        if run.config.preprocessing != "own":
            details.append("pixels divided by 255")
        details.append(formats.duration(run.seconds) + (", features cached" if run.cached else ""))
        if run.weights_origin not in PUBLISHED and run.config.method != "scratch":
            details.append(f"{run.weights_origin} weights")
        st.caption(" · ".join(details))
        leaks(run)
        link("run", "Open this run", icon=":material/search_insights:", run=run.id)


STEPS = (
    ("data", "Images", ":material/photo_library:", "Photos, each with its class"),
    ("backbones", "Backbone", ":material/account_tree:", "A network trained on other images"),
    ("train", "Features", ":material/grain:", "The backbone's description of each image, as numbers"),
    ("compare", "Head", ":material/flag:", "Learns your classes from the features"),
)


def four_steps() -> None:
    """The four steps in one line, each a link to its page."""
    widths = [6, 1] * (len(STEPS) - 1) + [6]
    columns = st.columns(widths, gap="xsmall")
    for column, (name, title, icon, sentence) in zip(columns[::2], STEPS, strict=True):
        with column.container(border=True, height="stretch"):
            link(name, title, icon=icon)
            st.caption(sentence)
    for column in columns[1::2]:
        arrow = column.container(height="stretch", vertical_alignment="center")
        arrow.markdown(":gray[:material/arrow_forward:]", text_alignment="center")


def thumbnail(image: np.ndarray, size: int) -> bytes:
    """A PNG of an image (s, s, 3) uint8 at `size` pixels, square; small ones with crisp pixels."""
    picture = Image.fromarray(image)
    enlarging = max(picture.size) < size
    picture = picture.resize((size, size), Image.Resampling.NEAREST if enlarging else Image.Resampling.BOX)
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()


def has_camera() -> bool:
    """Whether the browser allows its camera: only via https or on localhost."""
    address = urlsplit(st.context.url or "http://localhost")
    return address.scheme == "https" or address.hostname in server_paths.LOOPBACK


def camera(label: str, **options: Any) -> Any:
    """`st.camera_input`, or why there is none."""
    if has_camera():
        return st.camera_input(label, **options)
    address = urlsplit(st.context.url or "")
    port = f":{address.port}" if address.port else ""
    st.info(
        f"Open `http://localhost{port}` on the server's own machine, or start it with `--server.sslCertFile` and "
        "`--server.sslKeyFile` and open it via https. Choosing a photo file works everywhere.",
        title="Browsers allow the camera only via https or on localhost",
        icon=":material/no_photography:",
    )
    return None


def chart(
    figure: go.Figure,
    *,
    key: str,
    alt: str,
    selection: Literal["points", "box", "lasso"] | None = None,
    on_select: Callable[[], None] | Literal["rerun"] = "rerun",
) -> Mapping:
    """A Plotly figure; returns the selection event when `selection` (points, box, lasso) is given."""
    shown = charts.enlarge(figure) if visitor.get().projector else figure
    config = {"displayModeBar": False}
    if selection is None:
        st.plotly_chart(shown, key=key, alt=alt, config=config)
        return {}
    return st.plotly_chart(shown, key=key, alt=alt, config=config, on_select=on_select, selection_mode=selection)


def enlarge_type() -> None:
    """Make every rem of the page larger: Streamlit's theme cannot be changed by a script, so a little style does."""
    st.html(
        "<style>"
        f":root {{ font-size: {100 * charts.ENLARGED:.0f}% !important; }} "
        "[data-testid=stMainBlockContainer] h1 { padding-top: 0 !important; }"
        "</style>"
    )


def need_runs() -> None:
    """Guard: stop the page, drawn as loading, until the run store is open; the status then draws it again."""
    try:
        if server.engine.store_open():
            return
    except LabError as error:
        show_error(error)
        st.stop()
    st.skeleton(height=240)
    st.stop()


def need_a_run(title: str, sentence: str) -> list[RunRow]:
    """Guard: all runs, newest first, several seeds as one; without one, stop the page with a link to the demo."""
    need_runs()
    runs = server.runs.entries() or server.runs.archived()
    if not runs:
        empty(title, sentence)
        link("home", "Run the demo", icon=":material/play_arrow:")
        st.stop()
    return runs
