"""Running imports on the page Data and in the sidebar, and what happens when one has ended.

The address names the visitor's own import, so that it outlives a reload.
"""

import streamlit as st

from core.data.importing import Imported
from core.errors import LabError, Stopped
from dashboard import server
from dashboard.server.imports import Import
from dashboard.state import address, visitor
from dashboard.ui import components, formats, task_progress

POLL = 1.0  # seconds between updates of a running import
WAITING = "Waiting for the worker"
_REFUSED = "import-that-could-not-begin"
_SETTLED = "imports-that-have-ended"


def settle() -> None:
    """When the visitor's import has ended, switch to its dataset; the frame calls this first, on every page."""
    name = visitor.get().importing
    if not name:
        return
    mine, settled = server.imports.get(name), st.session_state.setdefault(_SETTLED, set())
    if mine and (mine.task.running or _failed(mine)):
        settled.discard(name)
        return
    visitor.update(importing="")
    if name in settled:  # Back led to an address from before its end
        return
    settled.add(name)
    if mine is None:
        address.note("importing", "Import", name, "is not known here: it ended with a server that was restarted")
    elif isinstance(mine.task.error, Stopped):
        st.toast(f"The import of {formats.plain(mine.source)} was cancelled: nothing is kept.", icon=":material/info:")
    elif isinstance(mine.task.result, Imported):
        _use(mine.task.result)


def refuse(error: LabError) -> None:
    """Have the page Data say that an import could not begin."""
    st.session_state[_REFUSED] = error


def show() -> None:
    """Draw all running imports, and why the visitor's own failed."""
    if running := server.imports.running():
        st.fragment(_draw, run_every=POLL)(running)
    mine = server.imports.get(visitor.get().importing)
    error = st.session_state.get(_REFUSED) or (mine and not mine.task.running and mine.task.error)
    if isinstance(error, LabError):
        components.show_error(error)
        st.button("Close", icon=":material/close:", key="close-import-error", on_click=_close)


def show_beside() -> None:
    """Draw the visitor's own import in the sidebar."""
    mine = server.imports.get(visitor.get().importing)
    if mine and mine.task.running:
        st.fragment(_draw_beside, run_every=POLL)(mine)
    elif mine and _failed(mine):
        label = f"{formats.plain(mine.source)} was not imported"
        components.link("data", label, icon=":material/error:", help="The page Data says why")


def _draw(names: list[str]) -> None:
    running = [each for name in names if (each := server.imports.get(name)) and each.task.running]
    if len(running) < len(names):
        components.redraw()
    for each in running:
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            with st.container(width="stretch"):
                task_progress.bar(each.task, formats.plain(each.source), waiting=WAITING)
            task_progress.cancel_button([each.task], key=f"cancel-{each.task.name}")


def _draw_beside(mine: Import) -> None:
    if not mine.task.running:
        components.redraw()
    components.link("data", f"Importing {formats.plain(mine.source)}", icon=":material/upload:", help="See the import")
    moment = mine.task.progress
    text = formats.progress(moment) if moment else task_progress.place(mine.task) or WAITING
    st.progress(moment.fraction if moment else 0.0, text=text)


def _failed(mine: Import) -> bool:
    return mine.task.error is not None and not isinstance(mine.task.error, Stopped)


def _use(imported: Imported) -> None:
    server.datasets.refresh()
    visitor.update(dataset=imported.name)
    title, images = formats.plain(imported.title), formats.count(imported.images, "image")
    if imported.known:
        text = f"The same {images} were imported before: {title} is now in use."
    else:
        skipped = f", {formats.count(imported.skipped, 'file')} skipped" if imported.skipped else ""
        text = f"{images} of {title} imported{skipped}."
    st.toast(text, icon=":material/check:")


def _close() -> None:
    st.session_state.pop(_REFUSED, None)
    visitor.update(importing="")
