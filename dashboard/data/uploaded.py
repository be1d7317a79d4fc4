"""Files that `st.file_uploader` has received: Streamlit keeps them as long as the tab, unless they are forgotten."""

from collections.abc import Iterable

import streamlit as st
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.uploaded_file_manager import UploadedFile

_COUNT = "number-of-uploads-{}"  # a new widget after each, as Streamlit cannot empty one


def key(name: str) -> str:
    """The key of the uploader of this name, another one once its files are forgotten."""
    return f"{name}-{st.session_state.setdefault(_COUNT.format(name), 0)}"


def forget(name: str, files: Iterable[UploadedFile]) -> None:
    """Free the memory of files, and reset the uploader of this name."""
    st.session_state[_COUNT.format(name)] += 1
    context = get_script_run_ctx()
    if context and isinstance(context.uploaded_file_mgr, MemoryUploadedFileManager):
        for file in files:
            context.uploaded_file_mgr.remove_file(context.session_id, file.file_id)
