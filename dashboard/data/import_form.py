"""Import your own images: a zip from the browser, or a folder or zip that the server can read."""

from collections.abc import Callable

import streamlit as st

from core import settings
from core.errors import LabError
from dashboard import server
from dashboard.data import import_status, uploaded
from dashboard.state import server_paths, visitor

UPLOAD = "upload"  # the uploader
LAYOUT = "One folder per class: `cat/1.jpg`, `dog/2.png`. Parent folders `train`, `val` and `test` define the splits."
UPLOADING = "Stay on this page until the upload is complete. The import that follows continues on its own."


def show() -> None:
    """Draw the ways of importing that this visitor has; each starts a task of the worker."""
    st.caption(LAYOUT)
    key = uploaded.key(UPLOAD)
    st.file_uploader("Zip of images", type="zip", help=UPLOADING, key=key, on_change=_import_upload, args=(key,))
    if not server_paths.allowed():
        if settings.mode() == "alone":
            st.caption(f"{server_paths.why_not()} In a terminal: `python -m core datasets import PATH`.")
        return
    with st.form("path", border=False):
        path = st.text_input("Or a path on this server", placeholder="/data/flowers or /data/flowers.zip").strip()
        if st.form_submit_button("Import the path", icon=":material/folder_open:"):
            if path:
                _begin(server.imports.begin_path, path)
                st.rerun()
            st.warning("Enter a path first.")


def _import_upload(key: str) -> None:
    upload = st.session_state[key]
    if upload is None:
        return
    _begin(server.imports.begin_upload, upload, upload.name)
    uploaded.forget(UPLOAD, [upload])


def _begin(begin: Callable[..., str], *source) -> None:
    try:
        visitor.update(importing=begin(*source))
    except LabError as error:
        import_status.refuse(error)
