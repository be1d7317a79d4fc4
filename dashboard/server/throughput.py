"""What this machine is, and how fast it was."""

from concurrent.futures import Future

import pandas as pd
import streamlit as st

from core import hardware
from core.features import throughput
from dashboard.server.engine import waited
from dashboard.server.runs import plan


def measure(backbone: str, input_size: int) -> None:
    """Measure the speed of a backbone in the worker; `measuring` tells when it is done."""
    _measurements()[backbone, input_size] = waited().call(throughput.measure, backbone, input_size)


def measuring(backbone: str, input_size: int) -> bool:
    """Whether a measurement goes on."""
    future = _measurements().get((backbone, input_size))
    if future is None or not future.done():
        return future is not None
    del _measurements()[backbone, input_size]
    plan.clear()
    speeds_here.clear()
    return False


@st.cache_data(ttl=2, show_spinner=False)
def speeds_here() -> pd.DataFrame:
    """`throughput.table` of this machine: `backbone`, `input_size`, `images_per_second`, `measurements`."""
    table = throughput.table()
    return table[table["hardware"] == hardware.name()]


@st.cache_data(show_spinner=False)
def hardware_here() -> dict:
    """`hardware.describe` of the server, which is the worker too unless a scheduler is named."""
    return hardware.describe()


@st.cache_resource(show_spinner=False)
def _measurements() -> dict[tuple[str, int], Future]:
    return {}
