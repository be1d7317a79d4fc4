"""Descriptions of networks: from disk if they were opened before, otherwise from the worker."""

import streamlit as st

from core import anatomy
from core.anatomy import Anatomy
from core.errors import LabError
from dashboard.server.once import once
from dashboard.server.tasks import Answers


def describe(backbone: str, input_size: int) -> Anatomy | None:
    """`anatomy.describe`; None while the worker reads the network.

    Raises:
        LabError: The backbone is unknown or does not accept this size.
    """
    try:
        return _on_disk(backbone, input_size)
    except LookupError:
        return _answers().get((backbone, input_size), anatomy.describe, backbone, input_size)


def macs(backbone: str, input_size: int) -> int | None:
    """Multiply-accumulates of a backbone for one image; None while the worker reads it, and if it does not build."""
    try:
        network = describe(backbone, input_size)
    except LabError:
        return None
    return network.macs if network else None


def reading(backbone: str, input_size: int) -> bool:
    """Whether the worker is still reading a network, or starting."""
    return _answers().pending((backbone, input_size))


@st.cache_resource(max_entries=128, show_spinner=False)
def _on_disk(backbone: str, input_size: int) -> Anatomy:
    network = anatomy.find(backbone, input_size)
    if network is None:
        raise LookupError(backbone, input_size)  # exceptions are not cached: the next call tries again
    return network


@once
def _answers() -> Answers:
    return Answers(keep=32, patience=0.2, failure="The network cannot be opened")
