"""The choices of a sweep: which settings vary, and over which values."""

from typing import Any

import streamlit as st

from core import backbones, options, seeds, sweeps
from core.config import RunConfig
from core.errors import ConfigError
from dashboard.state import address


def choose(config: RunConfig) -> dict[str, tuple[Any, ...]]:
    """The values of each setting that varies; none without a sweep.

    Raises:
        ConfigError: A visitor's values cannot be read.
    """
    titles = {name: options.of(RunConfig)[name].label for name in sweeps.settings(config)}
    with st.expander("Sweep", icon=":material/grid_on:", expanded=bool(address.current("vary"))):
        st.caption("One run for each value, or for each pair of values of two settings; validation images choose.")
        chosen = address.several(
            "vary",
            "Settings that vary",
            titles,
            widget=st.multiselect,
            select_all=False,
            max_selections=sweeps.MOST_SETTINGS,
            placeholder="None, one or two",
        )
        return sweeps.parse([_values(name, titles[name], config) for name in chosen.split("+") if name])


def entry(config: RunConfig, vary: dict[str, tuple[Any, ...]], count: int) -> list[RunConfig]:
    """The runs of a sweep, or so many seeds of a run.

    Raises:
        ConfigError: They are too many, or some would give the same result.
    """
    if vary and count > 1:
        raise ConfigError("Several seeds and a sweep are chosen", "one of them", "Repeat the chosen run with seeds")
    return sweeps.configs(config, vary) if vary else seeds.configs(config, count)


def _values(name: str, title: str, config: RunConfig) -> str:
    """A field for the values of a setting; both as `sweeps.parse` reads them."""
    usual = ", ".join(map(sweeps.shown, _usual(name, config)))
    text = st.text_input(f"{title}: its values", usual, key=f"values_{name}", bind="query-params")
    return f"{name}={text}"


def _usual(name: str, config: RunConfig) -> list[Any]:
    """Values to begin with: the choices, or the value of the run with a smaller and a larger one."""
    option, value = options.of(RunConfig)[name], getattr(config, name)
    if name == "pooling":
        return list(backbones.get(config.backbone).poolings)
    if option.choices is not None:
        return [kind for kind in option.choices if kind not in ("", "none")] if option.several else list(option.choices)
    if option.below == 1:
        return [0.0, 0.2, 0.5]
    factor = 10 if isinstance(value, float) else 2
    near = [value / factor, value, value * factor] if value else [(option.step or 1) * factor**i for i in range(3)]
    return [each for each in map(type(value), near) if option.takes(each)]
