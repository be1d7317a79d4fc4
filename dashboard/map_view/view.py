"""The view of one or more maps of the same images: its inputs, and the images picked on it.

The browser fetches arrays from content-addressed URLs (`packing`, `routes`), each only once: recolouring, selecting or
jumping to an image sends nothing again.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import numpy as np
import streamlit as st
from streamlit.components.v2 import component

from core.data.datasets import Dataset
from core.errors import ConfigError
from dashboard import server
from dashboard.map_view import packing, routes
from dashboard.map_view.columns import Column
from dashboard.state import prefix, visitor
from dashboard.ui import formats

ARRANGEMENTS = {"single": (1, 1), "pair": (2, 2), "morph": (2, 2), "grid": (1, 12)}  # least and most maps
TILE = 64  # pixels of a thumbnail at most

# Modules are imported from the server, because inline modules cannot import each other. An instance stays with its
# element; Streamlit calls the function again on every change.
LOADER = """
const views = new WeakMap();

export default function (component) {
  const { parentElement, data } = component;
  const entry = views.get(parentElement) ?? {};
  entry.component = component;
  if (!views.has(parentElement)) {
    views.set(parentElement, entry);
    import(new URL(data.modules + "view.js", document.baseURI))
      .then(({ View }) => {
        if (!entry.gone) entry.view = new View(entry.component);
      })
      .catch((error) => {
        parentElement.querySelector(".map-view").textContent = "The map view could not be loaded. " + error;
      });
  } else {
    entry.view?.update(component);
  }
  return () => {
    entry.gone = true;
    entry.view?.destroy();
    views.delete(parentElement);
  };
}
"""


@dataclass(frozen=True)
class Panel:
    """One map of the view."""

    key: str  # of a map on disk
    title: str
    caption: str = ""
    linked: str = ""  # panels with the same value share camera and frame; those of a pair always do


@dataclass(frozen=True, eq=False)
class Picked:
    """What a visitor picked, as row ids of the dataset."""

    rows: np.ndarray  # (m,) int64, ascending: lasso or box; empty if nothing is selected
    clicked: int | None  # the image that was clicked last
    last: str = ""  # the last action: `click`, or `choice` with a lasso, a box or a key


def show(
    panels: Sequence[Panel],
    rows: np.ndarray,
    dataset: Dataset,
    columns: Sequence[Column],
    *,
    key: str,
    colour: str,
    arrange: str = "single",
    focus: Sequence[int] = (),
    marked: Sequence[int] = (),
    pins: Sequence[Sequence[float]] = (),
    height: int = 640,
    on_change: Callable[[], None] | None = None,
) -> Picked:
    """Draw maps and return what is picked on them.

    Args:
        panels: Maps of the same images: one, two for `pair` and `morph`, any number for `grid`.
        rows: Row ids of the maps' points (n,), as in their rows.npy.
        columns: What the card at the cursor shows, in this order; each (n,).
        key: The component's session key; `picked` reads it before the view is drawn.
        colour: Name of the column that colours the points.
        arrange: `single`; `pair` (side by side, linked); `morph` (one turns into the other); `grid`.
        focus: Row ids that get a ring, and move to the centre when they change.
        marked: Row ids that get a ring.
        pins: Points on the first map, in its coordinates, for things that are not on it, such as the visitor's photo.
        height: Pixels of the maps, at most; a low window makes them smaller, except in a grid.

    Raises:
        ConfigError: The parts do not fit together.
    """
    _check(panels, rows, columns, colour, arrange)
    of = server.blobs.shared().put(packing.rows(rows))
    data = {
        "modules": f"{prefix.get()}/lab/map_view/{routes.version()}/",
        "panels": [_panel(panel, linked=arrange in ("pair", "morph")) for panel in panels],
        "rows": {"url": _parcel(of), "of": of},
        "thumbnails": _thumbnails(dataset),
        "columns": [_column(column) for column in columns],
        "colour": colour,
        "arrange": arrange,
        "focus": [int(row) for row in focus],
        "marked": [int(row) for row in marked],
        "pins": [[float(part) for part in pin] for pin in pins],
        "height": height,
        "projector": visitor.get().projector,
        "picked": _state(key),
        "alt": _alt(panels, len(rows), dataset),
    }
    _component()(key=key, data=data, on_picked_change=on_change or _nothing)
    return picked(key, rows)


def picked(key: str, rows: np.ndarray) -> Picked:
    """What was picked in the view of this key, if it was of these rows; for callbacks, and before it is drawn."""
    state = _state(key)
    if state.get("of") != server.blobs.shared().put(packing.rows(rows)):
        return Picked(np.empty(0, np.int64), None)
    clicked = state.get("clicked")
    mask = packing.chosen(state.get("bits", ""), len(rows))
    return Picked(rows[mask].astype(np.int64), None if clicked is None else int(clicked), state.get("last", ""))


def _check(panels: Sequence[Panel], rows: np.ndarray, columns: Sequence[Column], colour: str, arrange: str) -> None:
    if arrange not in ARRANGEMENTS:
        raise ConfigError(f"Maps arranged as {arrange!r}", "one of " + ", ".join(ARRANGEMENTS))
    wanted = ARRANGEMENTS[arrange]
    if not wanted[0] <= len(panels) <= wanted[1]:
        raise ConfigError(
            f"{formats.count(len(panels), 'map')} for {arrange!r}", " to ".join(map(str, sorted({*wanted})))
        )
    if colour not in [column.name for column in columns]:
        raise ConfigError(
            f"No column {colour!r} to colour by", "one of " + ", ".join(column.name for column in columns)
        )
    for column in columns:
        if column.values.shape != rows.shape:
            raise ConfigError(
                f"{column.title!r} has shape {column.values.shape}", f"{rows.shape}, a value for each row"
            )


def _panel(panel: Panel, *, linked: bool) -> dict[str, str]:
    return {
        "url": f"{prefix.get()}/lab/maps/{panel.key}.bin",
        "title": panel.title,
        "caption": panel.caption,
        "linked": panel.linked or ("all" if linked else ""),
    }


def _column(column: Column) -> dict[str, Any]:
    return {
        "name": column.name,
        "title": column.title,
        "kind": column.kind,
        "names": list(column.names),
        "colours": column.palette(),
        "unit": column.unit,
        "unknown": column.unknown,
        "url": _parcel(server.blobs.shared().put(packing.column(column))),
    }


def _alt(panels: Sequence[Panel], n: int, dataset: Dataset) -> str:
    titles = ", ".join(panel.title for panel in panels)
    return (
        f"Map of {formats.count(n, 'image')} of {dataset.title}: {titles}. Arrow keys move, plus and minus zoom, "
        "0 shows all, N and P go from image to image, Enter picks, V selects what is in sight, Escape selects nothing."
    )


def _thumbnails(dataset: Dataset) -> dict:
    side = min(dataset.images.shape[1], TILE)
    path = f"/lab/thumbnails/{quote(dataset.name)}/{dataset.fingerprint}"
    return {"url": f"{prefix.get()}{path}?side={side}", "side": side}


def _parcel(digest: str) -> str:
    return f"{prefix.get()}/lab/parcels/{digest}.bin"


def _state(key: str) -> Mapping:
    """The state reported by the browser; {} before it reported anything."""
    state = st.session_state.get(key)
    picked = state.get("picked") if isinstance(state, Mapping) else None
    return dict(picked) if isinstance(picked, Mapping) else {}


def _component() -> Callable:
    return component("map_view", html='<div class="map-view"></div>', css=routes.modules()["map_view.css"], js=LOADER)


def _nothing() -> None:
    """A listener: without one, Streamlit does not keep a component's state."""
