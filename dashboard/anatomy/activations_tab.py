"""What a network sees: its prediction for a photo at several sizes, its feature maps, its first filters."""

import numpy as np
import streamlit as st

from core import anatomy as anatomies
from core import backbones
from core.backbones import Backbone
from core.errors import LabError
from core.explain import imagenet
from core.explain.activations import CHANNELS, FeatureMap, Seen
from dashboard import server
from dashboard.state import visitor
from dashboard.ui import choices, components, formats, heatmap, photo_picker
from dashboard.ui import weights as published_weights

POLL = 0.4  # seconds between polls of the worker
SIZES = (96, 160, 224)  # pixels, offered in addition to the page's size
MOST_SIZES = 3
TILE = 112  # pixels of a map
PHOTO = 288  # pixels of the photo
FILTER = 48  # pixels of a filter
FILTERS_PER_ROW = 16


def show(backbone: str, input_size: int) -> None:
    """Choose a photo, and follow it through the network."""
    spec = backbones.get(backbone)
    offered = sorted({size for size in (*SIZES, spec.default_size, input_size) if _fits(size, spec)})
    left, right = st.columns([3, 5], gap="large")
    with left:
        chosen = photo_picker.choose()
    with right:
        sizes = st.multiselect(
            "Input sizes",
            offered,
            default=_usual(offered, input_size),
            format_func=lambda size: f"{size} px",
            key=f"sees-sizes-{backbone}-{input_size}",
            max_selections=MOST_SIZES,
            select_all=False,
            help="The photo is resized to each of these before the network sees it",
        )
        _explain_weights(backbone)
    if chosen is None or not sizes:
        return
    photo = chosen.pixels
    ready = _all(backbone, photo, sizes, missing=False) is not None
    with right:
        st.fragment(_answers, run_every=None if ready else POLL)(backbone, photo, sorted(sizes), waiting=not ready)
    if ready:
        _feature_maps(_all(backbone, photo, sizes, missing=False) or {})


def _fits(size: int, spec: Backbone) -> bool:
    return size == spec.nearest_size(size) and size <= anatomies.LARGEST


def _usual(offered: list[int], input_size: int) -> list[int]:
    """The page's own size with a smaller and a larger one, as many as fit side by side."""
    sizes = [input_size, offered[0], offered[len(offered) // 2], offered[-1]]
    return sorted(list(dict.fromkeys(sizes))[:MOST_SIZES])


def _explain_weights(backbone: str) -> None:
    spec, weights = backbones.get(backbone), server.explain.weights(backbone)
    if weights == "untrained" and not spec.weights_file:
        st.warning(
            "There are no published weights for this network, so what follows shows an untrained one. Train it to see "
            "its own runs.",
            title="Untrained",
        )
    elif spec.loader != "keras":
        _explain_weights_of_checkpoint(spec, weights)
    elif weights == "untrained":
        _warn_of_untrained(backbone, imagenet.download_hint(backbone))
    elif weights == "imagenet":
        st.info(
            formats.message(
                "The weights on this machine have no ImageNet classifier, so there is no prediction; "
                f"to get one, {imagenet.download_hint(backbone)}."
            ),
            icon=":material/info:",
        )


def _warn_of_untrained(backbone: str, download_hint: str) -> None:
    st.warning(
        formats.message(f"The published weights are not here, so this is an untrained network: {download_hint}."),
        title="Untrained",
    )
    published_weights.offer(backbone)


def _explain_weights_of_checkpoint(spec: Backbone, weights: str) -> None:
    if weights == "untrained":
        _warn_of_untrained(spec.name, backbones.download_hint(spec))
        return
    why = "This program reads these weights without a classifier"
    if spec.has_text_tower:
        why = f"{spec.family} has no fixed classes"
    st.info(f"{why}, so there is no prediction.", icon=":material/info:")
    if spec.has_text_tower:
        components.link("zero_shot", "Try it zero-shot", icon=":material/chat:")


def _all(backbone: str, photo: np.ndarray, sizes: list[int], *, missing: bool) -> dict[int, Seen | LabError] | None:
    """What the network sees at each size, or the error; None while a size is missing, unless `missing` is allowed."""
    digest = photo_picker.name(photo)
    seen: dict[int, Seen | LabError] = {}
    for size in sizes:
        try:
            answer = server.explain.activations(backbone, photo, digest, size)
        except LabError as error:
            answer = error
        if answer is not None:
            seen[size] = answer
    return seen if missing or len(seen) == len(sizes) else None


def _answers(backbone: str, photo: np.ndarray, sizes: list[int], *, waiting: bool) -> None:
    """A column for each size; a fragment that polls while one is missing."""
    by_size = _all(backbone, photo, sizes, missing=True) or {}
    if waiting and len(by_size) == len(sizes):
        components.redraw()
    for column, size in zip(st.columns(MOST_SIZES, gap="medium"), sizes, strict=False):
        with column:
            seen = by_size.get(size)
            if seen is None:
                st.skeleton(height=PHOTO)
            elif isinstance(seen, LabError):
                components.show_error(seen)
            else:
                _answer(seen)
    if len(by_size) < len(sizes):
        st.caption(":material/hourglass_top: Computing. The first photo takes longest: the network has to be loaded.")


def _answer(seen: Seen) -> None:
    st.markdown(f"**{seen.input_size} px**")
    shown = seen.photo if seen.heat is None else heatmap.over(seen.photo, seen.heat, PHOTO)
    st.image(
        components.thumbnail(shown, PHOTO),
        width="stretch",
        alt=f"The photo at {seen.input_size} px. {_caption(seen)}",
        caption=formats.plain(_caption(seen)),
    )
    for name, probability in zip(seen.class_names, seen.probabilities, strict=True):
        st.progress(min(1.0, probability), text=f"{formats.plain(name)} **{formats.percent(probability)}**")
    if seen.without:
        st.caption(f"{seen.without}.")


def _caption(seen: Seen) -> str:
    if seen.heat is None:
        return "What the network is given"
    if not seen.heat.any():
        return f"No region supports {seen.class_names[0]}"
    return f"Grad-CAM, {seen.heat.shape[0]} x {seen.heat.shape[1]}: supports {seen.class_names[0]}"


def _feature_maps(by_size: dict[int, Seen | LabError]) -> None:
    """The feature maps at one of the sizes, and the first filters."""
    seen_at = {size: seen for size, seen in by_size.items() if isinstance(seen, Seen)}
    if not seen_at:
        return
    tokens = backbones.get(next(iter(seen_at.values())).backbone).has_tokens
    what = "Tokens of the patches" if tokens else "Feature maps"
    st.subheader(f"{what}, from the first block to the last", anchor=False)
    titles = {str(size): f"{size} px" for size in sorted(seen_at, reverse=True)}
    chosen = choices.titled(st.segmented_control, "maps_at", "Input size", titles, required=True)
    seen = seen_at.get(int(chosen)) if str(chosen).isdecimal() else None
    seen = seen or seen_at[max(seen_at)]
    if seen.weights == "untrained":
        st.caption(":orange-badge[untrained] Patterns of random weights, not of anything learned.")
    for feature_map in seen.feature_maps:
        _feature_map(feature_map, "patches" if tokens else "positions")
    st.caption(
        ("A channel is one number of every token, laid out as the patches are. " if tokens else "")
        + "The channels with the strongest response to this photo, by mean absolute value (below "
        "each map, after the channel's number). The strongest are not necessarily the most important. Each map is "
        "scaled from its own minimum (black) to its own maximum (white), so brightness cannot be compared between "
        "maps; an all-black map is constant."
    )
    _filters(seen)


def _feature_map(feature_map: FeatureMap, positions: str) -> None:
    block, size = feature_map.block, f"{feature_map.size} x {feature_map.size}"
    silent = f", {feature_map.silent} of them silent on this photo" if feature_map.silent else ""
    st.markdown(f"**{block}** · {size} {positions}, {formats.count(feature_map.of, 'channel')}{silent}")
    columns = st.columns(4 if visitor.get().projector else CHANNELS, gap="small")
    for index, (channel, values) in enumerate(zip(feature_map.channels, feature_map.maps, strict=True)):
        columns[index % len(columns)].image(
            components.thumbnail(values, TILE),
            width="stretch",
            caption=f"{channel}: {feature_map.means[index]:.3g}",
            alt=f"Channel {channel} of {block}, a map of {size}",
        )


def _filters(seen: Seen) -> None:
    st.subheader("The first filters", anchor=False)
    if not len(seen.filters):
        st.caption("This network's first convolution does not read the three colour channels directly.")
        return
    height, width = seen.filters.shape[1:3]
    sheet = contact_sheet(seen.filters)
    st.image(
        sheet,
        alt=f"{len(seen.filters)} filters of {height} x {width} in colour",
        width=min(1100, sheet.shape[1]),
    )
    first = "" if len(seen.filters) == seen.filters_of else f"The {len(seen.filters)} strongest of "
    st.caption(
        f"{first}{formats.count(seen.filters_of, 'filter')} of {height} x {width} pixels, strongest weights first, "
        "each scaled from its smallest to its largest weight and shown in RGB. They are the same at every input size."
    )


def contact_sheet(filters: np.ndarray) -> np.ndarray:
    """Filters (n, kh, kw, 3) uint8 side by side with crisp pixels, (h, w, 3) uint8 on white."""
    scale = max(1, FILTER // max(filters.shape[1:3]))
    tiles = filters.repeat(scale, axis=1).repeat(scale, axis=2)
    tiles = np.pad(tiles, ((0, 0), (2, 2), (2, 2), (0, 0)), constant_values=255)
    missing = -len(tiles) % FILTERS_PER_ROW
    tiles = np.concatenate([tiles, np.full((missing, *tiles.shape[1:]), 255, np.uint8)])
    return np.concatenate([np.concatenate(list(row), axis=1) for row in np.split(tiles, len(tiles) // FILTERS_PER_ROW)])
