"""An interactive demo of each idea: a few sliders, a chart, and a sentence on what it shows.

`draw` finds them by the names used in `core.curriculum.ideas`.
"""

import pandas as pd
import streamlit as st

from core import backbones, hardware
from core.backbones import Backbone
from core.curriculum import arithmetic, vanishing_gradients
from dashboard import server
from dashboard.anatomy import idea_charts
from dashboard.state import address
from dashboard.ui import choices, components, formats, task_progress

NORMALISATIONS = {"none": "Nothing", "batchnorm": "BatchNorm"}
SECONDS_A_YEAR = 365.25 * 24 * 3600
_SWIN_PATCH, _SWIN_GROWTH = 4, 8  # pixels of a patch in Swin's first stage, and how much wider tokens are in its last
_BLOCK = ("Queries, keys, values, output", "Tokens by tokens", "Two dense layers")  # as in `transformer_block`


def kernels() -> None:
    """Stacked small convolutions compared with one large one."""
    count, channels = _sliders(("count", "3 x 3 convolutions in a row", 2, 1, 6, 1), _CHANNELS)
    small, large = arithmetic.stacked(count, channels)
    side = 2 * count + 1
    rows = {f"{count} times 3 x 3": [("Parameters", small)], f"Once {side} x {side}": [("Parameters", large)]}
    _chart(idea_charts.bars(rows), "Parameters of small convolutions in a row and of one large one")
    st.markdown(
        f"Both see {side} px. The large window needs {_times(large, small)} the parameters of the small ones and has "
        f"one ReLU instead of {count}."
        if count > 1
        else "With a single 3 x 3 there is nothing to compare. Choose two or more."
    )


def reduction() -> None:
    """A 1 x 1 convolution in front of a large window."""
    kernel, channels, filters, narrow = _sliders(
        ("kernel", "Window (px)", 5, 3, 7, 2), _CHANNELS, _FILTERS, ("narrow", "Narrowed to", 32, 4, 512, 4)
    )
    direct = arithmetic.standard(kernel, channels, filters)
    first, second = arithmetic.reduced(kernel, channels, filters, narrow)
    window = f"{kernel} x {kernel}"
    rows = {"Directly": [(window, direct)], "Narrowed first": [(window, second), ("1 x 1 in front", first)]}
    _chart(idea_charts.bars(rows), "Parameters of a large window with and without a 1 x 1 convolution in front")
    share = (first + second) / direct
    break_even = direct / (channels + kernel**2 * filters)
    st.markdown(
        f"Reducing {channels} channels to {narrow} leaves **{formats.percent(share)}** of the parameters. "
        + ("That saves nothing. " if share >= 1 else "")
        + f"It pays off below {break_even:.0f} channels."
    )


def gradients() -> None:
    """Gradients measured on two small networks that differ in their shortcuts only."""
    left, right = st.columns([1, 1], gap="medium", vertical_alignment="bottom")
    with left:
        blocks = address.number(
            st.slider, "deep", "Blocks, one after the other", default=30, least=5, most=vanishing_gradients.MOST, step=5
        )
    with right:
        after = choices.titled(
            st.segmented_control, "normalised", "After each convolution", NORMALISATIONS, required=True
        )
    _measured_gradients(blocks, after)


def _measured_gradients(blocks: int, after: str) -> None:
    measurement = server.ideas.gradients(blocks, after)
    task_progress.why_it_ended(measurement.error)
    measured = measurement.result
    if measured is None:
        if measurement.running or not server.engine.settled():
            st.skeleton(height=360)
            _look_again(blocks, after)
            return
        if st.button("Measure on this machine", icon=":material/timer:"):
            measurement.begin()
            st.rerun(scope="app")
        st.caption(
            "Two networks of that many 3 x 3 convolutions, with and without shortcuts, process the same real images "
            "once. It takes a few seconds."
        )
        return
    _chart(idea_charts.gradients(measured), "Norm of the gradient at each block, with and without shortcuts")
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(_sentence_on_gradients(measured), width="stretch")
        components.measured(
            hardware.name(),
            f"{measured.images} images of {measured.dataset}, mean of {measured.seeds} networks of each kind before "
            f"any training, {formats.duration(measured.seconds)}.",
        )


def _sentence_on_gradients(measured: vanishing_gradients.GradientNorms) -> str:
    plain, residual = (measured.gradients[kind] for kind in ("plain", "residual"))
    first = (
        f"The first of {measured.blocks} blocks gets a gradient of {plain[0]:.1e} without shortcuts and "
        f"{residual[0]:.1e} with them"
    )
    ratio = residual[0] / plain[0]
    if ratio > 10:
        return f"{first}: **{_large(ratio)} times as much**. The plain network's first layers get almost no signal."
    spread, other = plain[0] / plain[-1], residual[0] / residual[-1]
    if spread > 3 * other:
        return (
            f"{first}. With BatchNorm it does not vanish; without shortcuts it grows on the way back, "
            f"**{spread:.0f} times** from the last block to the first, compared with {other:.1f} times with them."
        )
    return f"{first}: little difference at this depth. Add more blocks."


@st.fragment(run_every=0.4)
def _look_again(blocks: int, after: str) -> None:
    if server.engine.settled() and not server.ideas.gradients(blocks, after).running:
        components.redraw()


def dense() -> None:
    """How a dense block grows."""
    start, growth, layers = _sliders(
        ("start", "Channels at the start", 64, 16, 512, 16),
        ("growth", "Growth rate k", 32, 4, 64, 4),
        ("layers", "Layers", 12, 1, 48, 1),
    )
    channels = arithmetic.dense_widths(start, growth, layers)
    _chart(idea_charts.widths(channels), "Channels after each layer of a dense block")
    block, wide = arithmetic.dense_block(start, growth, layers), arithmetic.wide_block(channels[-1], layers)
    rows = {
        "Dense block": [("Parameters", block)],
        f"Bottlenecks of {channels[-1]} channels": [("Parameters", wide)],
    }
    _chart(idea_charts.bars(rows), "Parameters of a dense block and of residual blocks as wide as its end", "-bars")
    st.markdown(
        f"{layers} layers that add {growth} channels each end with **{channels[-1]:,}** channels. The block has "
        f"{_share(block, wide)} parameters of as many residual bottlenecks of that width. But its last layer reads "
        f"{channels[-2]:,} channels to compute {growth} new ones."
    )


def separable() -> None:
    """A standard convolution compared with a depthwise separable one."""
    kernel, channels, filters = _sliders(("kernel", "Window (px)", 3, 1, 9, 2), _CHANNELS, _FILTERS)
    whole = arithmetic.standard(kernel, channels, filters)
    depthwise, pointwise = arithmetic.separable(kernel, channels, filters)
    rows = {
        "Standard": [("All at once", whole)],
        "Separable": [("Pointwise, 1 x 1", pointwise), ("Depthwise", depthwise)],
    }
    _chart(idea_charts.bars(rows), "Parameters of a standard and of a depthwise separable convolution")
    separable = depthwise + pointwise
    st.markdown(
        f"Separated, it takes **{formats.percent(separable / whole)}** of the parameters, and of the multiplications: "
        f"1/{filters} + 1/{kernel**2}. "
        + ("A window of one pixel cannot see its surroundings." if kernel == 1 else "")
        + (
            f"Most of what is left, {formats.percent(pointwise / separable)}, is the pointwise convolution."
            if pointwise > depthwise
            else ""
        )
    )


def search() -> None:
    """How many cells there are to choose from."""
    blocks, operations = _sliders(
        ("cell", "Blocks in a cell", 5, 1, 8, 1), ("operations", "Operations to choose from", 13, 2, 20, 1)
    )
    sizes = {count: arithmetic.cells(count, operations) for count in range(1, 9)}
    _chart(idea_charts.cells(sizes, blocks), "Number of different cells by their number of blocks")
    years = sizes[blocks] / SECONDS_A_YEAR
    st.markdown(
        f"**{_large(sizes[blocks])} cells** of {formats.count(blocks, 'block')}. Trying one a second would take "
        + (f"{_large(years)} years." if years >= 1 else f"{formats.duration(sizes[blocks])}.")
        + " So the search learned which choices do well, and tried only some thousands of cells."
    )


def inverted() -> None:
    """ResNet's bottleneck compared with MobileNetV2's inverted one."""
    channels, kernel, expansion = _sliders(
        ("channels", "Channels outside", 64, 16, 512, 16),
        ("kernel", "Window (px)", 3, 3, 7, 2),
        ("expansion", "Expansion t", 6, 1, 10, 1),
    )
    narrow, wide = arithmetic.bottleneck(channels, kernel), arithmetic.inverted(channels, kernel, expansion)
    names = ("1 x 1 in", "Window", "1 x 1 out")
    inside = (max(channels // 4, 1), expansion * channels)
    rows = {
        f"Bottleneck: {inside[0]:,} inside": list(zip(names, narrow, strict=True)),
        f"Inverted: {inside[1]:,} inside": list(zip(names, wide, strict=True)),
        "Inverted, standard window": [
            *zip(names, (wide[0], arithmetic.standard(kernel, inside[1], inside[1]), wide[2]), strict=True)
        ],
    }
    _chart(idea_charts.bars(rows), "Parameters of a bottleneck, an inverted one, and one with a standard window")
    st.markdown(
        f"Inside, the inverted block has {inside[1] / inside[0]:.0f} times as many channels, and its depthwise window "
        f"takes {formats.percent(wide[1] / sum(wide))} of its parameters. With a standard window it would need "
        f"**{sum(part for _, part in rows['Inverted, standard window']) / sum(wide):.0f} times** as many in all."
    )


def scaling() -> None:
    """Compound scaling compared with the released networks."""
    (phi,) = _sliders(("phi", "φ", 3.0, 0.0, 7.0, 0.5))
    grown = arithmetic.compound(phi)
    columns = st.columns(4)
    for column, (name, title) in zip(
        columns,
        {"depth": "Deeper", "width": "Wider", "resolution": "Finer", "operations": "Multiplications"}.items(),
        strict=True,
    ):
        column.metric(title, f"× {grown[name]:.2f}")
    base = backbones.get("EfficientNetB0")
    released = [backbones.get(f"EfficientNetB{step}") for step in range(8)]
    rules = [arithmetic.compound(step) for step in range(8)]
    frame = pd.DataFrame(
        {
            "name": [spec.name for spec in released],
            "phi": range(8),
            "size": [spec.default_size for spec in released],
            "params": [spec.params for spec in released],
            "computed_size": [base.default_size * rule["resolution"] for rule in rules],
            "computed_params": [base.params * rule["depth"] * rule["width"] ** 2 for rule in rules],
        }
    )
    _chart(
        idea_charts.scaling(frame, phi), "Input size and parameters of EfficientNet B0 to B7, by the rule and released"
    )
    step = round(phi)
    row = frame.iloc[step]
    st.markdown(
        f"By the rule, φ = {step} gives {row['computed_size']:.0f} px and {row['computed_params'] / 1e6:.1f} M "
        f"parameters; {row['name']} was released with {row['size']} px and {row['params'] / 1e6:.1f} M. Channels "
        "and repeats are rounded, and the released networks do not follow the rule exactly."
    )


def window() -> None:
    """How large a depthwise window can be before its cost matters."""
    channels, kernel = _sliders(("channels", "Channels", 96, 16, 768, 16), ("kernel", "Window (px)", 7, 3, 31, 2))
    depthwise, dense_layers = arithmetic.convnext_block(channels, kernel)
    block = depthwise + dense_layers
    rows = {"ConvNeXt block": [("Two dense layers", dense_layers), ("Depthwise window", depthwise)]}
    _chart(idea_charts.bars(rows), "Parameters of a ConvNeXt block")
    standard = arithmetic.standard(kernel, channels, channels)
    st.markdown(
        f"A depthwise window of {kernel} x {kernel} takes **{formats.percent(depthwise / block)}** of the block's "
        f"parameters. A standard convolution of that size would need {_times(standard, block)} as many as the whole "
        "block."
    )


def tokens(spec: Backbone) -> None:
    """What smaller patches cost a transformer with tokens of this width."""
    pixels, patch = _sliders(("pixels", "Input (px)", 224, 112, 672, 112), ("patch", "Patch (px)", 32, 8, 56, 8))
    side, width = pixels // patch, spec.feature_dim
    count, finer = side**2, (2 * side) ** 2
    before, after = (arithmetic.transformer_block(n_tokens, width) for n_tokens in (count, finer))
    _chart_blocks(
        {f"{count:,} tokens": before, f"{finer:,} tokens": after},
        "Multiplications of a transformer block, by its number of tokens",
    )
    st.markdown(
        f"{side} x {side} patches are {count:,} tokens of {width:,} numbers each, as in {spec.name}; a class token "
        f"would be one more. Patches half the size are {finer:,}: the dense layers then cost "
        f"{_times(after[2], before[2])} as much, the products of tokens by tokens "
        f"**{_times(after[1], before[1])}**. Their share of the block rises from "
        f"{formats.percent(before[1] / sum(before))} to {formats.percent(after[1] / sum(after))}."
    )


def windows(spec: Backbone) -> None:
    """What windows save a transformer whose patches are small, in the first stage of this network."""
    pixels, window = _sliders(
        ("pixels", "Input (px)", 224, 112, 672, 112), ("patches", "Window (patches)", 7, 7, 14, 7)
    )
    side, width = pixels // _SWIN_PATCH, spec.feature_dim // _SWIN_GROWTH
    dense, products, mlp = among_all = arithmetic.transformer_block(side**2, width)
    within = dense, products * window**2 // side**2, mlp
    _chart_blocks(
        {"All to all": among_all, f"Windows of {window} x {window}": within},
        "Multiplications of a transformer block whose patches attend to all or within windows",
    )
    st.markdown(
        f"{side} x {side} patches of {_SWIN_PATCH} px are {side**2:,} tokens of {width} numbers each, as in the "
        f"first stage of {spec.name}. If all attended to all, products of tokens by tokens would be "
        f"{formats.percent(products / sum(among_all))} of the block. In windows of {window} x {window} they cost "
        f"**1/{side**2 // window**2}** as much, {formats.percent(within[1] / sum(within))} of the block, and grow only "
        "in proportion to the number of patches."
    )


def draw(name: str, spec: Backbone) -> None:
    """Draw the demo of an idea; one of transformers is about the tokens of this backbone."""
    if name in OF_TRANSFORMERS:
        OF_TRANSFORMERS[name](spec)
    else:
        DEMOS[name]()


DEMOS = {
    "kernels": kernels,
    "reduction": reduction,
    "gradients": gradients,
    "dense": dense,
    "separable": separable,
    "search": search,
    "inverted": inverted,
    "scaling": scaling,
    "window": window,
}
OF_TRANSFORMERS = {"tokens": tokens, "windows": windows}

_CHANNELS = ("channels", "Channels in", 128, 8, 512, 8)
_FILTERS = ("filters", "Channels out", 128, 8, 512, 8)


def _sliders(*sliders: tuple) -> list:
    """Sliders side by side, each (name, label, default, least, most, step); remembered in the URL."""
    values = []
    for column, (name, label, default, least, most, step) in zip(
        st.columns(len(sliders), gap="medium"), sliders, strict=True
    ):
        with column:
            values.append(
                address.number(st.slider, name, label, default=default, least=least, most=most, scope="idea", step=step)
            )
    return values


def _chart(figure, alt: str, suffix: str = "") -> None:
    components.chart(figure, key=f"demo{suffix}", alt=alt)


def _times(more: float, less: float) -> str:
    return f"{more / less:.1f} times"


def _share(one: float, other: float) -> str:
    return f"**{one / other:.1f} times** the" if one > other else f"**{formats.percent(one / other)}** of the"


def _large(number: float) -> str:
    """1,234 in digits, 1.2 billion in words, 2.3e18 as a power of ten."""
    if number >= 1e12:
        digits, power = f"{number:.1e}".split("e")
        return f"${digits} \\cdot 10^{{{int(power)}}}$"
    for size, word in ((1e9, "billion"), (1e6, "million")):
        if number >= size:
            return f"{number / size:,.1f} {word}"
    return f"{number:,.0f}"


def _chart_blocks(blocks: dict[str, tuple[int, int, int]], alt: str) -> None:
    """Draw the multiplications of transformer blocks, from `transformer_block`."""
    rows = {title: list(zip(_BLOCK, parts, strict=True)) for title, parts in blocks.items()}
    _chart(idea_charts.bars(rows, unit="Multiplications"), alt)
