"""Widgets for the choices that pages share. Each shows the visitor's choice and keeps it in `state`.

(Not called `selectors`, the name of a module of the standard library.)
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import streamlit as st

from core import backbones as catalog
from core import options
from core.runs import ENDED, SEEDS, RunRow
from dashboard import server
from dashboard.state import address, visitor
from dashboard.ui import formats, run_labels

_TITLED = " · "  # between a backbone and what its title says of its weights


def dataset(label: str = "Dataset", *, only_ready: bool = True) -> str:
    """A dropdown of datasets; returns the name of the chosen one."""
    summaries = {s.name: s for s in server.datasets.available() if s.state == "ready" or not only_ready}
    titles = server.datasets.titles()
    current = visitor.get().dataset
    names = list(summaries) if current in summaries else [current, *summaries]  # a name from a link may be unknown

    def shown(name: str) -> str:
        return _title(summaries.get(name), titles.get(name, name))

    return _remembered(st.selectbox, "dataset", label, names, format_func=shown)


def backbones(label: str = "Backbones", names: Sequence[str] = ()) -> list[str]:
    """A dropdown of several backbones; returns the chosen ones, in that order.

    Args:
        names: To train from scratch, whose weights do not matter; otherwise the pretrained ones are offered.
    """
    key, chosen = "choose-backbones", [name for name in visitor.get().backbones if name]
    st.session_state[key] = chosen

    def keep() -> None:
        if key in st.session_state:  # else the visitor left the page
            visitor.update(backbones=tuple(map(_untitled, st.session_state[key])))

    return st.multiselect(
        label,
        _with(chosen, list(names) or _pretrained()),
        format_func=str if names else backbone_title,
        placeholder="Choose one or more",
        key=key,
        on_change=keep,
        select_all=False,
    )


def backbone(label: str = "Backbone") -> str:
    """A dropdown of one backbone, the first of those chosen; returns its name."""
    chosen = visitor.get().backbones or (visitor.State.backbones[0],)
    key = "choose-backbone"
    st.session_state[key] = chosen[0]

    def keep() -> None:
        if name := st.session_state.get(key):  # the visitor may have left the page
            name = _untitled(name)
            visitor.update(backbones=(name, *(other for other in chosen[1:] if other != name)))

    return st.selectbox(label, _with(chosen[:1], _pretrained()), format_func=backbone_title, key=key, on_change=keep)


def backbone_title(name: str) -> str:
    """A backbone and whether its published weights are on this machine: VGG16 · to download, 59 MB."""
    if name in server.backbones.here():
        return f"{name}{_TITLED}weights here"
    size = catalog.download_bytes(name) if name in catalog.BACKBONES else 0
    return f"{name}{_TITLED}to download, {formats.storage(size)}" if size else name


def _untitled(title: str) -> str:
    """The name in a title: a browser sends back the one it showed, also when the weights have arrived since."""
    return title.split(_TITLED)[0]


def _pretrained() -> list[str]:
    """All pretrained backbones, those whose weights are on this machine first."""
    here = server.backbones.here()
    return sorted(catalog.pretrained_names(), key=lambda name: name not in here)


def _with(chosen: Sequence[str], names: Sequence[str]) -> list[str]:
    """Names to offer, with those that a link names: Tiny, or unknown ones."""
    return [*names, *(name for name in chosen if name not in names)]


def single_runs() -> list[RunRow]:
    """The runs to look at one by one, newest first: of an entry the one that is shown, else its first seed or, of a
    sweep, the chosen one."""
    shown = visitor.get().run
    return [next((run for run in entry.members if run.id == shown), entry.runs[0]) for entry in server.runs.entries()]


def run(runs: Sequence[RunRow], label: str = "Run", *, forget: Sequence[str] = ()) -> RunRow:
    """A dropdown of runs, newest first; returns the chosen one.

    Without a choice it is the newest that has a result.

    Args:
        forget: Names that the address bar keeps for one run only; another choice removes them.
    """
    by_id, key, current = {run.id: run for run in runs}, "choose-run", visitor.get().run
    newest = next((run for run in runs if run.has_result), runs[0])
    shown = next((run for run in runs if current and current in (run.id, run.entry)), newest)  # a seed of that entry
    st.session_state[key] = shown.id
    if current and current not in (shown.id, shown.entry):
        _say_not_here(current, newest)
    titles = run_titles(runs)

    @address.together()
    def keep() -> None:
        if st.session_state.get(key) not in by_id:  # its title has changed, as when a run ends
            return
        visitor.update(run=st.session_state[key])
        for name in forget:
            address.write(name, None)

    chosen = st.selectbox(
        label, list(by_id), format_func=lambda name: titles.get(name, str(name)), key=key, on_change=keep
    )
    return by_id[chosen]


def _say_not_here(chosen: str, shown: RunRow) -> None:
    """Say once that the run of another page or of a link cannot be shown on this page."""
    key = "said-not-here"
    other = server.runs.find(chosen)
    if other and st.session_state.get(key) != (chosen, shown.id):
        st.session_state[key] = (chosen, shown.id)
        here = f"showing {run_labels.one(shown)} instead"
        st.toast(
            formats.plain(f"{run_labels.one(other)} cannot be shown on this page: {here}."),
            icon=":material/info:",
        )


def run_titles(runs: Iterable[RunRow]) -> dict[str, str]:
    """Run id -> one line with its name, dataset, accuracy and start.

    Widgets send back the text they showed, so it must not change over time, as "5 min ago" would.
    """
    runs = list(runs)
    datasets = {name: server.datasets.title(name) for name in {run.config.dataset for run in runs}}
    return {run.id: _run_title(run, datasets[run.config.dataset]) for run in runs}


def _run_title(run: RunRow, dataset: str) -> str:
    result = run.status if run.status in ENDED else "under way"
    if run.has_result:
        result = formats.percent(run.accuracy)
    if run.seeds:
        result += f", {formats.count(run.n_seeds, 'seed')}"
    if run.cells:
        result += f", sweep of {len(run.cells)}"
    if run.entry:
        result += ", one of several seeds" if run.entry.startswith(SEEDS) else ", one of a sweep"
    return f"{run.name} on {dataset} · {result} · {formats.moment(run.created)}"


def projector() -> bool:
    """The switch that enlarges everything for a projector.

    It is a different widget when on than when off: after a lesson turns it on, a polling browser may still send the
    old state, which would turn it off again.
    """
    shown = visitor.get().projector
    key = f"choose-projector-{'on' if shown else 'off'}"
    st.session_state[key] = shown

    def keep() -> None:
        visitor.update(projector=not shown)

    return st.toggle("Projector size", key=key, on_change=keep, help="Larger type, strokes and points on every page")


def titled(widget, key: str, label: str, titles: dict[str, str], **kwargs) -> str:
    """A widget over names that shows their titles, with the name in the address bar (`bind` would write the title).

    Args:
        widget: `st.selectbox` or `st.segmented_control`.
        titles: name -> title; the first name is the default. Others are allowed where the widget accepts new options.
    """
    default, others = next(iter(titles)), kwargs.get("accept_new_options", False)
    chosen = address.one_of(key, label, titles, others=others)
    if chosen is None:  # buttons that were not on the page send None; what was chosen may be gone
        chosen = st.session_state.get(key)
        if chosen not in titles and not (others and chosen):
            chosen = default
            if address.current(key) is not None:
                address.write(key, None)
    st.session_state[key] = chosen  # always set, for widgets that are drawn later

    def keep() -> None:
        if st.session_state.get(key) is not None:  # else the visitor left the page
            address.write(key, None if st.session_state[key] == default else st.session_state[key])

    options = list(titles | {chosen: ""})  # including a typed value
    return widget(label, options, format_func=lambda name: titles.get(name, name), key=key, on_change=keep, **kwargs)


def option(kind: type, name: str, *, widget: Callable | None = None, scope: str = "", **changes: Any) -> Any:
    """A widget over the field of a configuration, as `core.options` describes it: its label, default and values.

    Args:
        kind: `RunConfig`, `MapConfig` or `Source`.
        widget: By default a select box over choices, and an input over numbers.
        scope: See `address.number`.
        changes: Arguments of `titled` or `address.number` to override.
    """
    field, default = options.of(kind)[name], options.defaults(kind)[name]
    if field.choices is not None:
        titles = {default: field.choices[default]} | dict(field.choices)
        return titled(widget or st.selectbox, name, field.label, changes.pop("titles", titles), **changes)
    least, most = field.offered or (field.least, field.most)
    arguments = {"default": default, "least": least, "most": most, "step": field.step, "scope": scope} | changes
    label = arguments.pop("label", field.label)
    return address.number(widget or st.number_input, name, label, **arguments)


def explanation(kind: type, name: str) -> str:
    """What the field of a configuration means, as a sentence for a tooltip."""
    text = options.of(kind)[name].help
    return text[0].upper() + text[1:]


def _remembered(widget, field: str, label: str, *args, **kwargs):
    """A widget whose value is a field of `state`, on any page."""
    key = f"choose-{field}"
    value = getattr(visitor.get(), field)
    st.session_state[key] = list(value) if isinstance(value, tuple) else value

    def keep() -> None:
        if key not in st.session_state:  # the visitor left the page
            return
        chosen = st.session_state[key]
        visitor.update(**{field: tuple(chosen) if isinstance(chosen, list) else chosen})

    return widget(label, *args, key=key, on_change=keep, **kwargs)


def _title(summary, title: str) -> str:
    if summary is None:
        return f"{title} (not here)"
    return title if summary.state == "ready" else f"{title} (not downloaded)"
