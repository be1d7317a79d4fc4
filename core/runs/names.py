"""The names of runs: what a run is called until a person renames it."""

from collections.abc import Sequence

from core import backbones, sweeps
from core.config import TITLES, ZERO_SHOT, RunConfig
from core.zero_shot import prompts

_WORDS = {name: TITLES[name].lower() for name in ("knn", "mlp", "finetune", "scratch")}  # methods, in names of runs


def default_name(config: RunConfig) -> str:
    """A short name that distinguishes a run from most others."""
    name = f"{config.backbone} {config.recipe or _WORDS.get(config.method, config.method)} {config.input_size} px"
    if config.teacher:
        return f"{name}, taught"
    if config.method != ZERO_SHOT:
        return f"{name}, projected" if config.pooling == "projected" else name
    count = len(prompts.templates(config.templates))
    return name + (f", {count} templates" if count > 1 else "") + (", own names" if config.classes else "")


def own_name(config: RunConfig, varied: Sequence[str]) -> str:
    """What the name of one run of an entry ends with, given the settings in which its runs differ."""
    return f", {sweeps.described(config, varied)}" if varied else ""


def of_today(name: str, config: RunConfig) -> str:
    """The name of a run: a default one in today's words, and one that a person gave as it is."""
    backbone, _, rest = name.partition(" ")
    how = config.recipe or config.method
    usual = f"{how} {config.input_size} px"
    if backbones.RENAMED.get(backbone, backbone) != config.backbone or rest.split(",")[0] != usual:
        return name
    return f"{config.backbone} {_WORDS.get(how, how)}{rest.removeprefix(how)}"
