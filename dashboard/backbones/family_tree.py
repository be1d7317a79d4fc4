"""The family tree and the timeline of the architectures: specs in, a Plotly figure out, as in `charts`."""

from collections.abc import Collection, Sequence

import numpy as np
import plotly.graph_objects as go

from core.backbones.catalog import BACKBONES
from core.curriculum import book
from core.curriculum.lineage import TAKEN, WORKS, Taken, Work, of
from dashboard.ui.charts import canvas
from dashboard.ui.colours import ACCENT, FAMILY_COLOURS, FAMILY_SYMBOLS, QUIET

HEIGHT = 640  # pixels
APART = 0.16  # years between the architectures of one work
OLDEST = 2011.0  # where LeNet stands: there is nothing to show of the years before
LATEST = 2025.9  # where the picture ends
# fmt: off
LANES = {  # work -> height on the picture; lines cross least so
    "Network in Network": 8, "NASNet": 8, "MnasNet": 8,
    "GoogLeNet": 7, "InceptionV3": 7, "Xception": 7, "EfficientNet": 7, "EfficientNetV2": 7,
    "BatchNorm": 6, "MobileNet": 6, "MobileNetV2": 6,
    "InceptionResNet": 5, "SENet": 5, "MobileNetV3": 5,
    "LeNet": 4, "AlexNet": 4, "VGG": 4, "ResNet": 4, "ResNeXt": 4, "ConvNeXt": 4,
    "ResNetV2": 3, "VoVNet": 3,
    "Highway": 2, "DenseNet": 2, "Swin": 2, "HGNetV2": 2,
    "Transformer": 1, "ViT": 1, "DINOv2": 1,
    "DeiT": 3,
    "CLIP": 0, "SigLIP2": 0,
}
# fmt: on
MISDATED_BELOW = 0.35  # of the lane: where the mark of another year is
BELOW = ("Xception", "MobileNet", "ResNeXt")  # titles that would overlap their neighbours'

LABEL_POSITIONS = {  # family -> position of its names on the timeline, chosen to avoid overlap; default: top right
    "ResNet": "middle left",
    "ResNetV2": "middle right",
    "DenseNet": "bottom right",
    "EfficientNetV2": "top left",
    "CLIP": "top right",
    "MobileNet": "top left",
    "DeiT": "middle left",
    "Swin": "bottom right",
    "HGNetV2": "middle right",
}


def tree(chosen: str = "", shown: Collection[str] = ()) -> go.Figure:
    """Works by time, with a point for each architecture, and lines to what they took something from.

    Args:
        chosen: The architecture that gets a ring, with the lines of its work drawn in colour.
        shown: Architectures that are drawn fully; none: all.
    """
    chosen_work = of(chosen) if chosen else None
    related = [taken for taken in TAKEN if chosen_work and chosen_work.name in (taken.by, taken.from_)]
    figure = canvas(height=HEIGHT, showlegend=False)
    _add_lines(figure, [taken for taken in TAKEN if taken not in related], QUIET, 1.2, 0.45)
    _add_lines(figure, related, ACCENT, 3, 0.9)
    _add_reasons(figure)
    for work in WORKS.values():
        _add_work(figure, work, shown, chosen if work is chosen_work and len(work.architectures) > 1 else "")
    _add_misdated(figure)
    if chosen_work:
        _ring(figure, "", *_place(chosen, chosen_work), "top center")
    years = range(2012, 2026)
    figure.update_xaxes(
        range=[OLDEST - 0.6, LATEST],
        tickvals=[OLDEST, *years],
        ticktext=["1998", *map(str, years)],
        showgrid=True,
        title_text="First published",
    )
    return figure.update_yaxes(visible=False, range=[-0.6, 8.8], showgrid=False)


def timeline(chosen: str = "", shown: Collection[str] = ()) -> go.Figure:
    """Published ImageNet accuracy by the time of publication, with the best so far; arguments as in `tree`."""
    figure = canvas(height=HEIGHT, legend={"orientation": "h", "y": -0.13, "yanchor": "top", "x": 0, "font_size": 13})
    dated = sorted((_when(name), spec.top1, name) for name, spec in BACKBONES.items() if spec.top1)
    best = np.maximum.accumulate([top1 for _, top1, _ in dated])
    figure.add_scatter(
        x=[when for when, _, _ in dated],
        y=best,
        mode="lines",
        line={"color": QUIET, "width": 2, "dash": "dot", "shape": "hv"},
        name="Best so far",
        hoverinfo="skip",
    )
    zero_shot = [(_when(name), spec.zero_shot, name) for name, spec in BACKBONES.items() if spec.zero_shot]
    for family, members in _by_family(zero_shot).items():
        _add_members(figure, f"{family}, zero-shot", members, chosen, shown, f"{FAMILY_SYMBOLS[family]}-open")
    for family, members in _by_family(dated).items():
        _add_members(figure, family, members, chosen, shown)
    published = chosen in BACKBONES and (BACKBONES[chosen].top1 or BACKBONES[chosen].zero_shot)
    if published:
        _ring(figure, chosen, _when(chosen), published, "middle left")
    figure.update_xaxes(range=[2014.4, LATEST], dtick=1, tick0=2015, tickformat="d", title_text="First published")
    return figure.update_yaxes(title_text="ImageNet top-1, published (%)")


def relations(name: str) -> list[tuple[str, Taken]]:
    """What an architecture's work borrowed and passed on, one line of Markdown each."""
    work = of(name)
    if work is None:
        return []
    borrowed = [(f"From **{WORKS[link.from_].title}**: {link.what}", link) for link in TAKEN if link.by == work.name]
    passed_on = [(f"**{WORKS[link.by].title}** took: {link.what}", link) for link in TAKEN if link.from_ == work.name]
    return borrowed + passed_on


def _by_family(members: Sequence[tuple[float, float, str]]) -> dict[str, list[tuple[float, float, str]]]:
    families: dict[str, list[tuple[float, float, str]]] = {}
    for member in members:
        families.setdefault(BACKBONES[member[2]].family, []).append(member)
    return families


def _add_members(
    figure: go.Figure,
    title: str,
    members: list[tuple[float, float, str]],
    chosen: str,
    shown: Collection[str],
    symbol: str = "",
) -> None:
    """Architectures of a family on the timeline, each (when, percent, name); the chosen one's ring has its name."""
    family = BACKBONES[members[0][2]].family
    named = {_best_of_its_time(name, members) for _, _, name in members} - {chosen}
    figure.add_scatter(
        x=[when for when, _, _ in members],
        y=[percent for _, percent, _ in members],
        mode="markers+text",
        name=title,
        text=[name if name in named else "" for _, _, name in members],
        textposition=LABEL_POSITIONS.get(family, "top right"),
        textfont_size=12,
        cliponaxis=False,
        customdata=[[name] for _, _, name in members],
        marker={
            "color": FAMILY_COLOURS[family],
            "symbol": symbol or FAMILY_SYMBOLS[family],
            "size": 12,
            "opacity": [_strength(name, shown) for _, _, name in members],
        },
        hovertemplate=f"<b>%{{customdata[0]}}</b><br>%{{y:.1f}} % top-1, published{', zero-shot' if symbol else ''}"
        "<extra></extra>",
    )


def _add_work(figure: go.Figure, work: Work, shown: Collection[str], chosen: str) -> None:
    """The title of a work and its architectures; the name of a chosen one of several stands in place of the title."""
    when, lane = _when_of(work), LANES[work.name]
    text = "<br>".join(filter(None, [f"<b>{work.title}</b>", work.note, work.paper.mark]))
    names = work.architectures
    figure.add_annotation(
        x=when,
        y=lane,
        text=f"<b>{chosen or work.title}</b>" if names else work.title,
        showarrow=False,
        yshift=-20 if work.name in BELOW else 20,
        font={"size": 13, "color": ACCENT if chosen else None} if names else {"size": 12, "color": QUIET},
    )
    if not names:
        figure.add_scatter(
            x=[when],
            y=[lane],
            mode="markers",
            marker={"symbol": "circle-open", "size": 9, "color": QUIET},
            hovertemplate=f"{text}<extra></extra>",
            showlegend=False,
        )
        return
    figure.add_scatter(
        x=[_place(name, work)[0] for name in names],
        y=[lane] * len(names),
        mode="markers",
        customdata=[[name] for name in names],
        marker={
            "color": FAMILY_COLOURS[work.family],
            "symbol": FAMILY_SYMBOLS[work.family],
            "size": 11,
            "opacity": [_strength(name, shown) for name in names],
        },
        hovertemplate=f"<b>%{{customdata[0]}}</b><br>{text}<extra></extra>",
        showlegend=False,
    )


def _add_lines(figure: go.Figure, lines: list[Taken], colour: str, width: float, opacity: float) -> None:
    """S-shaped lines, all in one trace."""
    xs, ys = [], []
    steps = np.linspace(0, 1, 16)
    eased = steps**2 * (3 - 2 * steps)
    for taken in lines:
        (x0, y0), (x1, y1) = _ends(taken)
        xs += [*(x0 + (x1 - x0) * steps), None]
        ys += [*(y0 + (y1 - y0) * eased), None]
    figure.add_scatter(
        x=xs,
        y=ys,
        mode="lines",
        line={"color": colour, "width": width},
        opacity=opacity,
        hoverinfo="skip",
        showlegend=False,
    )


def _add_reasons(figure: go.Figure) -> None:
    """A small mark in the middle of each line, which tells what was taken."""
    middles = [np.mean(_ends(taken), axis=0) for taken in TAKEN]
    figure.add_scatter(
        x=[x for x, _ in middles],
        y=[y for _, y in middles],
        mode="markers",
        marker={"size": 6, "color": QUIET, "opacity": 0.55},
        text=[f"<b>{WORKS[t.by].title}</b> took from <b>{WORKS[t.from_].title}</b><br>{t.what}" for t in TAKEN],
        hovertemplate="%{text}<extra></extra>",
        showlegend=False,
    )


def _add_misdated(figure: go.Figure) -> None:
    """The years of the book's mind map that are not those of the papers, each joined to its work by a dotted line."""
    for name, year in book.misdated().items():
        work = WORKS[name]
        x, y = year + 0.5, LANES[name] - MISDATED_BELOW  # the middle of the year, as for papers without a month
        figure.add_scatter(
            x=[_when_of(work), x],
            y=[LANES[name], y],
            mode="lines+markers+text",
            text=["", f" book: {year} "],
            textposition="middle left" if year < work.paper.year else "middle right",
            textfont={"size": 12, "color": QUIET},
            line={"color": QUIET, "width": 1.5, "dash": "dot"},
            marker={"symbol": ["circle", "diamond-open"], "size": [0, 10], "color": QUIET},
            hovertemplate=f"<b>{work.title}</b><br>{year} in the book's mind map<br>{work.paper.mark}<extra></extra>",
            showlegend=False,
        )


def _ring(figure: go.Figure, chosen: str, x: float, y: float, textposition: str) -> None:
    figure.add_scatter(
        x=[x],
        y=[y],
        mode="markers+text",
        text=[chosen],
        textposition=textposition,
        textfont={"size": 13, "color": ACCENT, "weight": 600},
        marker={"symbol": "circle-open", "size": 24, "color": ACCENT, "line_width": 3},
        hoverinfo="skip",
        showlegend=False,
    )


def _ends(taken: Taken) -> tuple[tuple[float, float], tuple[float, float]]:
    older, younger = WORKS[taken.from_], WORKS[taken.by]
    return (_when_of(older), LANES[older.name]), (_when_of(younger), LANES[younger.name])


def _place(name: str, work: Work) -> tuple[float, float]:
    """Where an architecture is on the tree: in a row with those of its work."""
    names = work.architectures
    return _when_of(work) + APART * (names.index(name) - (len(names) - 1) / 2), LANES[work.name]


def _when_of(work: Work) -> float:
    return max(work.paper.when, OLDEST)


def _when(name: str) -> float:
    """When an architecture was published: with its paper, or, released later, in the middle of its year."""
    spec, work = BACKBONES[name], of(name)
    return work.paper.when if work and spec.year == work.paper.year else spec.year + 0.5


def _best_of_its_time(name: str, members: list[tuple[float, float, str]]) -> str:
    """The most accurate of a family's architectures published at the same time, the only one that is labelled."""
    when = _when(name)
    return max((top1, other) for year, top1, other in members if abs(year - when) < 0.2)[1]


def _strength(name: str, shown: Collection[str]) -> float:
    return 1.0 if not shown or name in shown else 0.2
