"""The learning rate of a run: its schedule over the epochs, and the rate that a short trial suggests."""

import numpy as np
import streamlit as st

from core.config import RunConfig
from core.errors import Stopped
from core.training.optimizers import FIRST, WARM_UP
from dashboard import server
from dashboard.state import address
from dashboard.ui import components, formats, task_progress, training_charts

POINTS = 101  # in the drawn schedule


def over_time(config: RunConfig) -> np.ndarray:
    """The learning rate at evenly spaced points over all epochs, equal to `optimizers.schedule`."""
    part = np.linspace(0, 1, POINTS)
    if config.schedule == "constant":
        return np.full(POINTS, config.learning_rate)
    warm = WARM_UP if config.schedule == "one-cycle" else 0.0
    falling = 0.5 * (1 + np.cos(np.pi * (part - warm) / (1 - warm)))
    rising = FIRST + (1 - FIRST) * part / (warm or 1)
    return config.learning_rate * np.where(part < warm, rising, falling)


def show_schedule(config: RunConfig) -> None:
    """The learning rate over the epochs, in both phases."""
    if config.schedule == "constant":
        st.caption("The same rate in all epochs")
        return
    figure = training_charts.schedule(over_time(config), epochs=config.epochs)
    components.chart(figure, key=f"schedule-{config.schedule}", alt=f"Learning rate by epoch, {config.schedule}")


def show(config: RunConfig) -> None:
    """A button that tries rates from tiny to huge for a hundred steps; then the curve, and the rate it suggests."""
    search = server.training.rate_search(config)
    if search.error and not isinstance(search.error, Stopped):
        components.show_error(search.error)
    if search.result is None:
        if search.running:
            _wait(config)
            return
        busy = not server.engine.settled() or server.runs.busy()
        st.button(
            "Find a learning rate",
            icon=":material/troubleshoot:",
            on_click=task_progress.begin,
            args=([search],),
            disabled=busy,
            help="The rate rises from tiny to huge in a hundred steps; a tenth of the best one usually works well. "
            + ("The device is busy with a run." if busy else ""),
        )
        return
    table, suggestion = search.result
    figure = training_charts.rates(table, suggestion=suggestion, chosen=config.learning_rate)
    components.chart(figure, key="rates", alt="Loss by learning rate")
    if suggestion is None:
        st.markdown("No rate lowered the loss noticeably in so few steps, so there is no suggestion.")
        return
    st.markdown(
        f"The loss was lowest at {formats.learning_rate(float(f'{10 * suggestion:.0e}'))}. A tenth of that usually "
        f"works well: **{formats.learning_rate(float(f'{suggestion:.0e}'))}**. You have chosen "
        f"{formats.learning_rate(config.learning_rate)}."
    )
    if f"{suggestion:.0e}" != f"{config.learning_rate:.0e}":
        rounded = float(f"{suggestion:.0e}")
        st.button(f"Use {formats.learning_rate(rounded)}", on_click=address.put, args=("learning_rate", rounded))


@st.fragment(run_every=0.5)
def _wait(config: RunConfig) -> None:
    search = server.training.rate_search(config)
    if not search.running:
        components.redraw()
    moment = search.progress
    text = "Preparing to try learning rates"
    if moment and moment.unit == "steps" and moment.total:
        text = f"Trying learning rates · {formats.done(moment)} steps"
        text += f" · {formats.duration(moment.seconds_left)} left" if moment.seconds_left else ""
    elif moment and moment.total:
        text = f"Preparing · {formats.progress(moment)}"
    st.progress(moment.fraction if moment else 0.0, text=text)
    task_progress.cancel_button([search], key="cancel-rate")
