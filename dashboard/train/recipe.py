"""The choices of a run that are always visible besides dataset and backbones: the method, and a recipe by name."""

import shlex
from collections.abc import Sequence

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core import backbones, heads, recipes, sweeps
from core.config import HEAD_DEFAULTS, OWN_DEFAULTS, PROBES, TRAINED, RunConfig
from core.errors import ConfigError
from core.options import defaults
from dashboard import server
from dashboard.state import address, visitor
from dashboard.train import options
from dashboard.ui import choices, formats

KINDS = {"probe": "Probe", "finetune": "Fine-tune", "scratch": "From scratch"}
IDEAS = {
    "finetune": "The pretrained network continues to learn, on your images: first a new head alone, then some of its "
    "own layers too, at a low learning rate.",
    "scratch": "A network that has never seen an image learns from yours alone.",
}
OWN = ""  # no recipe
_KIND = "kind-of-method"  # not "kind": Anatomy keeps kinds of layers by that, and the next page still finds them
_LINKED = "recipe-linked"  # the recipe whose link was followed
_FROM_RECIPE = "backbones-of-the-recipe"  # recipe, the backbones it chose, and those chosen before


def follow_link() -> None:
    """Apply the recipe that a link names, except for settings that the link itself has.

    A link that also has a method, such as the page's own address, is complete. Call this before drawing anything.
    """
    name, complete = address.current("recipe"), address.current("method") is not None
    if name not in recipes.RECIPES or (complete and st.session_state.get(_LINKED) == name):
        return
    st.session_state[_LINKED] = name
    settings = recipes.RECIPES[name].settings(recipes.RECIPES[name].backbones[0])
    given = {field: st.query_params[field] for field in set(settings) - {"method"} if field in st.query_params}
    if not given or not complete:
        st.session_state["recipe"] = name
        with address.together():
            _apply(visitor.get().backbones if visitor.linked("backbones") else ())
            for field, value in given.items():
                address.put(field, value)


def method() -> str:
    """A head on frozen features (which one), a fine-tune, or a network from scratch: a value of `RunConfig.method`."""
    addressed = address.one_of("method", "Method", (*TRAINED, *PROBES))
    if addressed in TRAINED:
        st.session_state[_KIND] = addressed
    elif addressed in PROBES or st.session_state.get(_KIND) not in KINDS or address.by_history():
        st.session_state[_KIND] = "probe"
    kind = st.segmented_control(
        "Method", list(KINDS), format_func=KINDS.__getitem__, key=_KIND, on_change=_switch, required=True, wrap=True
    )
    kind = kind if kind in KINDS else "probe"  # None for a moment if the visitor leaves while the page is drawn
    if kind != "probe":
        if addressed != kind:
            st.query_params["method"] = kind
        st.caption(IDEAS[kind])
        return kind
    titles = {name: head.title for name, head in heads.METHODS.items()}
    chosen = choices.titled(st.segmented_control, "method", "Head", titles, required=True, wrap=True)
    st.caption(heads.METHODS[chosen].idea)
    return chosen


def networks(method: str) -> list[str]:
    """The chosen backbones; for training from scratch, small networks are offered first."""
    if method == "scratch":
        return choices.backbones("Networks", [*backbones.scratch_names(), *backbones.pretrained_names()])
    return choices.backbones()


def choose() -> str:
    """The chosen recipe; choosing one sets everything that it determines, including backbone and method."""
    titles = {OWN: "None: my own choices"} | {name: recipe.title for name, recipe in recipes.RECIPES.items()}
    st.session_state["recipe"] = address.one_of("recipe", "Recipe", titles) or OWN
    chosen = st.selectbox("Recipe", list(titles), format_func=titles.__getitem__, key="recipe", on_change=_apply)
    if chosen:
        st.caption(recipes.RECIPES[chosen].idea)
        _note_backbones(chosen)
    return chosen


def kept(config: RunConfig) -> bool:
    """Whether a config still has its recipe's settings, apart from those that every recipe leaves free."""
    try:
        recipe = recipes.get(config.recipe)
        free = (*options.FREE, "teacher") if recipe.taught else options.FREE
        expected = recipe.config(config.backbone, **{name: getattr(config, name) for name in free})
    except ConfigError:
        return False
    return expected == config


def name_teacher(slot: DeltaGenerator, config: RunConfig) -> None:
    """Say who teaches, where the recipe of a config leaves that open."""
    if config.teacher and config.recipe and recipes.get(config.recipe).taught:
        teacher = next(run for run in server.runs.rows() if run.id == config.teacher)
        title = formats.plain(choices.run_titles([teacher])[teacher.id])
        slot.caption(f":material/school: Its teacher is {title}. Choose another one under More, Training.")


def command(entry: Sequence[RunConfig]) -> str:
    """The command that starts the same run, its seeds or the same sweep from a terminal."""
    config, varied = entry[0], sweeps.varied(entry)
    default = RunConfig(backbone=config.backbone, method=config.method)
    skipped = {"version", "recipe", "dataset", "backbone", "method"} | ({*varied} - {"seed"})
    if config.recipe:
        recipe = recipes.get(config.recipe)
        default = recipe.config(config.backbone)
    parts = ["python -m core run", f"--dataset {shlex.quote(config.dataset)}", f"--backbone {config.backbone}"]
    parts.append(f"--recipe {config.recipe}" if config.recipe else f"--method {config.method}")
    for name in RunConfig.__dataclass_fields__:
        value = getattr(config, name)
        if name not in skipped and value != getattr(default, name):
            parts.append(f"--{name.replace('_', '-')} {shlex.quote(str(value))}")
    if varied == ("seed",):
        return " ".join([*parts, f"--seeds {len(entry)}"])
    for name in varied:
        values = ",".join(dict.fromkeys(str(getattr(each, name)) for each in entry))
        parts.append(f"--vary {shlex.quote(f'{name}={values}')}")
    return " ".join(parts)


@address.together()
def _switch() -> None:
    """Another kind of method was chosen: reset the numbers, and choose networks that suit it."""
    kind = st.session_state.get(_KIND)
    if kind not in KINDS:  # the visitor left the page
        return
    for name in ("epochs", "batch_size", "learning_rate", "recipe", "augment"):
        address.forget([name])
    if kind == "probe":
        address.forget(["method"])
    else:
        st.query_params["method"] = kind
    _suit(kind)


def _suit(kind: str) -> None:
    """Default to a small network for training from scratch; the pretrained ones are remembered."""
    current, small = visitor.get().backbones, set(backbones.scratch_names())
    if kind == "scratch" and not small & set(current):
        st.session_state["pretrained"] = current
        visitor.update(backbones=(backbones.scratch_names()[0],))
    elif kind != "scratch" and small & set(current):
        visitor.update(backbones=st.session_state.get("pretrained", visitor.State.backbones))


def _note_backbones(name: str) -> None:
    """Say which backbones the recipe chose, as long as they are chosen."""
    of, from_recipe, before = st.session_state.get(_FROM_RECIPE, (OWN, (), ()))
    if of == name and visitor.get().backbones == from_recipe:
        instead = f" instead of {formats.listed(before)}" if before else ""
        verb = "is" if len(from_recipe) == 1 else "are"
        st.caption(f":material/account_tree: **{formats.listed(from_recipe)}** {verb} now chosen{instead}.")


@address.together()
def _apply(linked: Sequence[str] = ()) -> None:
    """Set what the chosen recipe determines, and reset all other settings that could change its result.

    Args:
        linked: Backbones that a link names; those that the recipe is for are kept.
    """
    name = st.session_state.get("recipe")
    if name is None:  # the visitor left the page
        return
    address.forget([field for field in RunConfig.__dataclass_fields__ if field not in options.FREE])
    st.session_state[_LINKED] = name
    if name not in recipes.RECIPES:
        return
    recipe = recipes.RECIPES[name]
    before = visitor.get().backbones
    chosen = tuple(one for one in linked if one in recipe.backbones) or recipe.select(before)
    st.session_state[_FROM_RECIPE] = (name, chosen, before) if chosen != before else (OWN, (), ())
    visitor.update(backbones=chosen)
    settings = recipe.settings(chosen[0])
    st.session_state.pop(_KIND, None)
    # The address says what differs from these.
    usual = defaults(RunConfig) | OWN_DEFAULTS.get(settings["method"], HEAD_DEFAULTS)
    for field, value in ({"recipe": name} | settings).items():
        if value != usual.get(field):
            address.put(field, value)
