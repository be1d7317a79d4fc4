"""The hardware of this machine, and its speed."""

import pandas as pd
import streamlit as st

from core import hardware as core_hardware
from core.features import throughput
from dashboard.server import runs, tasks
from dashboard.server.tasks import Task


@st.cache_data(ttl=2, show_spinner=False)
def table() -> pd.DataFrame:
    """`throughput.table` of this machine: `backbone`, `input_size`, `images_per_second`, `measurements`."""
    speeds = throughput.table()
    return speeds.loc[speeds["hardware"] == core_hardware.name()]


@st.cache_data(show_spinner=False)
def hardware() -> dict:
    """`hardware.describe` of the server, which is also the worker's unless a scheduler is set."""
    return core_hardware.describe()


def measurement(backbone: str, input_size: int) -> Task:
    """Measures the speed of a backbone."""
    return Task(
        tasks.name("throughput", backbone, input_size),
        throughput.measure,
        (backbone, input_size),
        failure="The speed cannot be measured",
    )


def refresh() -> None:
    """Read speeds again: one has been measured."""
    table.clear()
    runs.plan.clear()
