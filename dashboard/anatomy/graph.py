"""One part of a network as a Graphviz graph: layers that belong together share a box, and shortcuts are highlighted."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from core.anatomy import Anatomy
from core.anatomy.layers import MULTIPLYING, LayerInfo
from core.training.freezing import Frozen
from dashboard.anatomy.picture import shape

MERGING = {"Add": "+", "Multiply": "×", "Concatenate": "concatenate"}
FUNCTIONS = {
    "relu": "ReLU",
    "relu6": "ReLU6",
    "silu": "SiLU",
    "swish": "SiLU",
    "gelu": "GELU",
    "linear": "",
    "quick_gelu": "quick GELU",
    "gelu_approximate": "GELU",
}
TITLES = {
    "Dense": "Dense",
    "DepthwiseConv2D": "Depthwise",
    "SeparableConv2D": "Separable",
    "Conv2D": "Conv",
    "MaxPooling2D": "Max pool",
    "AveragePooling2D": "Mean pool",
    "GlobalAveragePooling2D": "Mean over the image",
    "GlobalMaxPooling2D": "Maximum over the image",
    "InputLayer": "Image",
    "MultiHeadAttention": "Attention",
    "WindowAttention": "Attention in windows",
    "PositionEmbedding": "Learned embeddings",
    "GlobalAveragePooling1D": "Mean of the patches",
    "ClassToken": "Prepend class token",
    "Positions": "Add position embeddings",
    "CLIPVisionPooler": "Class token only",
}
NORMS = {
    "BatchNormalization": "BatchNorm",
    "LayerNormalization": "LayerNorm",
    "LayerScale": "scale",
    "DepthwiseConv1D": "scale",
}
HIDDEN = (
    "ZeroPadding2D",
    "Cropping1D",
    "Cropping2D",
    "Permute",
    "Reshape",
    "Dropout",
    "StochasticDepth",
)  # layers that compute nothing new
ATTENTION = ("MultiHeadAttention", "WindowAttention")
MAX_COLUMNS = 4  # boxes side by side; a wider graph gets the whole width
SMALL = ("Add", "Multiply")  # the output has the shape of the input
LIGHT = {"ink": "#1B1F2A", "quiet": "#5C6475", "frozen": "#DCE7F4", "trains": "#FBD9BF", "plain": "#EEF0F4"}
DARK = {"ink": "#ECEEF4", "quiet": "#A3AAB9", "frozen": "#2A3F5A", "trains": "#71380B", "plain": "#2B2F3A"}
BORDERS = {"frozen": "#7FA3CE", "trains": "#E76300", "plain": "#8A90A0"}
SHORTCUT = "#4A6FE3"


@dataclass(frozen=True)
class Box:
    """Consecutive layers drawn as one box: a convolution, its BatchNorm, its activation."""

    layers: tuple[LayerInfo, ...]

    @property
    def main(self) -> LayerInfo:
        """The layer that gives the box its title."""
        return next((layer for layer in self.layers if _is_main(layer)), self.layers[0])

    @property
    def merges(self) -> bool:
        """Whether several paths meet here."""
        return len(self.layers[0].sources) > 1 and self.layers[0].kind not in ATTENTION


def boxes(layers: Sequence[LayerInfo], *, every: bool = False) -> list[Box]:
    """The layers of a part as boxes; with `every`, one box per layer.

    A layer joins its predecessor's box if nothing else reads its output and the box has room: one convolution, pooling
    or merge each. Where a part begins with BatchNorm or an activation, those join the layers that follow.
    """
    inside = {layer.name for layer in layers}
    readers = dict.fromkeys(inside, 0)
    for layer in layers:
        for source in layer.sources:
            if source in inside:
                readers[source] += 1
    forward = _forward(layers)
    groups: list[list[LayerInfo]] = []
    ends: dict[str, list[LayerInfo]] = {}  # the last layer of a box -> the layers of the box
    for layer in layers:
        source = layer.sources[0] if len(layer.sources) == 1 else ""
        group = ends.get(source, [])
        full = any(map(_is_main, group)) and (_is_main(layer) or _sort(layer) in forward)
        if group and readers[source] == 1 and not every and not full:
            del ends[source]
            group.append(layer)
        else:
            group = [layer]
            groups.append(group)
        ends[layer.name] = group
    return [Box(tuple(group)) for group in groups]


def unfolded(layers: Iterable[LayerInfo]) -> list[LayerInfo]:
    """Layers, nested ones replaced by the layers inside them, as a graph shows them."""
    return [step for layer in layers for step in layer.inside or (layer,)]


def dot(anatomy: Anatomy, part: str, frozen: Frozen, *, every: bool = False, dark: bool = False, size: int = 14) -> str:
    """The graph of a part, coloured by what trains: from top to bottom, or left to right if it is wider than long.

    Args:
        every: A box for each layer.
        dark: Colours for a dark page.
        size: Font size in points.
    """
    colours = DARK if dark else LIGHT
    layers = unfolded(anatomy.parts[part])
    trains = {row.name for row in frozen.layers if row.trainable_params}
    by_name = {layer.name: layer for layer in anatomy.layers}
    inside = {layer.name for layer in layers}
    drawn = boxes(layers, every=every)
    direction = "LR" if across(drawn) else "TB"
    lines = [
        "digraph {",
        f'graph [rankdir={direction} bgcolor=transparent nodesep=0.2 ranksep=0.35 fontname="Arial" tooltip="{part}"]',
        f'node [fontname="Arial" fontsize={size} shape=box style="rounded,filled" penwidth=1.4 '
        f'margin="0.12,0.07" fontcolor="{colours["ink"]}"]',
        f'edge [color="{colours["quiet"]}" penwidth=1.4 arrowsize=0.7]',
    ]
    ends = {}
    for index, box in enumerate(drawn):
        ends |= {layer.name: f"box{index}" for layer in box.layers}
        lines.append(f"box{index} [{_look(box, trains, colours)}]")
    outside = dict.fromkeys(source for layer in layers for source in layer.sources if source not in inside)
    for index, name in enumerate(outside):
        source = by_name[name]
        ends[name] = f"from{index}"
        label = f"from {source.part}\\n{shape(source.shape)}"
        lines.append(
            f'from{index} [label="{label}" style="rounded,dashed" color="{BORDERS["plain"]}" tooltip="{name}"]'
        )
    for index, box in enumerate(drawn):
        around = shortcuts(box.layers[0], layers)
        for source in box.layers[0].sources:
            look = f' [color="{SHORTCUT}" penwidth=3]' if source in around else ""
            lines.append(f"{ends[source]} -> box{index}{look}")
    return "\n".join([*lines, "}"])


def shortcuts(meeting: LayerInfo, layers: Sequence[LayerInfo]) -> set[str]:
    """The inputs of a sum or a concatenation from which its other inputs were computed."""
    if meeting.kind not in ("Add", "Concatenate"):
        return set()
    before = {layer.name: layer.sources for layer in layers}
    return {
        source
        for source in meeting.sources
        if any(source in _ancestors(other, before) for other in meeting.sources if other != source)
    }


def widest(drawn: Sequence[Box]) -> int:
    """The largest number of boxes side by side."""
    depths = _depths(drawn)
    return max(map(depths.count, depths))


def across(drawn: Sequence[Box]) -> bool:
    """Whether to draw from left to right: more parallel paths than boxes on the longest one, as in NASNet."""
    return widest(drawn) > MAX_COLUMNS and widest(drawn) > max(_depths(drawn))


def _depths(drawn: Sequence[Box]) -> list[int]:
    """The number of boxes on the longest path to each box."""
    inside = {box.layers[-1].name: index for index, box in enumerate(drawn)}
    depths: list[int] = []
    for box in drawn:
        before = [depths[inside[source]] for source in box.layers[0].sources if source in inside]
        depths.append(1 + max(before, default=0))
    return depths


def description(anatomy: Anatomy, part: str) -> str:
    """What the graph shows, in a sentence or two: the paths through the part, and where they meet."""
    layers = unfolded(anatomy.parts[part])
    if attention := next((layer for layer in layers if layer.kind in ATTENTION), None):
        return _describe_attention(attention, layers)
    merges = [layer for layer in layers if len(layer.sources) > 1]
    sentences = [_describe_sums([layer for layer in merges if layer.kind == "Add"], layers)]
    sentences += [_describe_join(layer, layers, anatomy) for layer in merges if layer.kind == "Concatenate"]
    if any(layer.kind == "Multiply" and _squeezed(layer, layers) for layer in merges):
        sentences.append("A mean over the whole image weights each channel: squeeze and excitation.")
    return " ".join(filter(None, sentences)) or "A single path, layer after layer."


def _describe_sums(sums: Sequence[LayerInfo], layers: Sequence[LayerInfo]) -> str:
    if not sums:
        return ""
    if any(_unchanged(source, layers) for layer in sums for source in layer.sources):
        return "Its input bypasses the layers unchanged and is added to their output: a residual block."
    if len(sums) == 1:
        return "Its input passes through a convolution and is added to the layers' output: a residual block."
    return f"Two paths are added in {len(sums)} places."


def _describe_join(join: LayerInfo, layers: Sequence[LayerInfo], anatomy: Anatomy) -> str:
    kept = [source for source in join.sources if _unchanged(source, layers)]
    if kept and len(join.sources) == 2:
        old = sum(_channels(source, anatomy) for source in kept)
        return f"{join.shape[-1] - old} new channels are appended to all {old:,} incoming ones: dense growth."
    return f"{len(join.sources)} paths are concatenated, {join.shape[-1]:,} channels in all."


def _describe_attention(attention: LayerInfo, layers: Sequence[LayerInfo]) -> str:
    tokens, wide = attention.shape[0], max(layer.shape[-1] for layer in layers if "_merge_" not in layer.name)
    if len(attention.sources) > 1:
        return (
            f"Attention pooling: one learned query attends to all patches. Then two dense layers, {wide:,} wide in "
            "between; what they begin with bypasses them and is added."
        )
    reach, unit = f"each of the {tokens} tokens attends to all {tokens}", "token"
    if attention.kind == "WindowAttention":
        window, unit = min(attention.window[0], tokens), "position"
        reach = f"each position attends to the {window**2} of its window, {window} × {window}"
    return (
        f"Attention: {reach}. Then two dense layers, {wide:,} wide in "
        f"between, process each {unit} separately. The input bypasses both and is added: a transformer block."
    )


def _look(box: Box, trains: set[str], colours: dict[str, str]) -> str:
    """The attributes of a node."""
    weighted = [layer for layer in box.layers if layer.weight_layer]
    state = (
        "plain"
        if not weighted
        else "trains"
        if any({layer.name, layer.holder} & trains for layer in weighted)
        else "frozen"
    )
    main = box.layers.index(box.main)
    function = FUNCTIONS.get(box.main.function, box.main.function) if _is_main(box.main) else ""
    before, after = map(_label, box.layers[:main]), [function, *map(_label, box.layers[main + 1 :])]
    size = shape(box.layers[-1].shape) if box.main.kind not in SMALL or not box.merges else ""
    label = "\\n".join(filter(None, [_joined(before), _title(box.main), _joined(after), size]))
    names = "\\n".join(f"{layer.name} ({layer.kind}), {layer.params:,} parameters" for layer in box.layers)
    return f'label="{label}" fillcolor="{colours[state]}" color="{BORDERS[state]}" tooltip="{names}"' + (
        ' style="filled" shape=ellipse margin="0.02,0.02"' if box.merges else ""
    )


def _joined(labels: Iterable[str]) -> str:
    return " · ".join(filter(None, labels))


def _title(layer: LayerInfo) -> str:
    if len(layer.sources) > 1 and layer.kind not in ATTENTION:
        return MERGING.get(layer.kind, layer.kind)
    depthwise = layer.kind == "Conv2D" and 1 < layer.groups == layer.shape[-1]
    title = TITLES["DepthwiseConv2D" if depthwise else layer.kind] if layer.kind in TITLES else ""
    title = title or _label(layer) or layer.kind
    if layer.kind in ATTENTION:
        title += f", {layer.groups} heads"
    if layer.window != (0, 0):
        title += f" {layer.window[0]} × {layer.window[1]}" + (f", stride {layer.stride}" if layer.stride > 1 else "")
    return title


def _label(layer: LayerInfo) -> str:
    """The label of a layer inside the box of another."""
    if layer.kind in HIDDEN:
        return ""
    if layer.kind in NORMS:
        return NORMS[layer.kind]
    if layer.kind in ("ReLU", "Activation"):
        return FUNCTIONS.get(layer.function, layer.function)
    return (
        layer.kind if layer.holder else {"Add": "plus a constant", "Multiply": "times a constant"}.get(layer.kind, "")
    )


def _is_main(layer: LayerInfo) -> bool:
    return layer.kind in MULTIPLYING or layer.kind in TITLES or len(layer.sources) > 1


def _unchanged(name: str, layers: Sequence[LayerInfo]) -> bool:
    """Whether this output is the part's input, changed at most by layers without weights."""
    inside = {layer.name: layer for layer in layers}
    while layer := inside.get(name):
        if layer.weight_layer or len(layer.sources) != 1 or _is_main(layer):
            return False
        name = layer.sources[0]
    return True


def _forward(layers: Sequence[LayerInfo]) -> set[str]:
    """Which of norm and function precede the convolutions of a part: in DenseNet both, in NASNet the function."""
    inside, preceding = {layer.name for layer in layers}, set()
    for layer in layers:
        if _is_main(layer):
            break
        if not inside.issuperset(layer.sources) or preceding:
            preceding.add(_sort(layer))
    return preceding - {""}


def _sort(layer: LayerInfo) -> str:
    if layer.kind in ("ReLU", "Activation"):
        return "function"
    return "norm" if layer.kind in ("BatchNormalization", "LayerNormalization") else ""


def _ancestors(name: str, before: Mapping[str, Sequence[str]]) -> set[str]:
    """All outputs that an output of a part was computed from, back to the inputs of the part."""
    ancestors, waiting = set(), list(before.get(name, ()))
    while waiting:
        source = waiting.pop()
        if source not in ancestors:
            ancestors.add(source)
            waiting += before.get(source, ())
    return ancestors


def _channels(name: str, anatomy: Anatomy) -> int:
    return next(layer.shape[-1] for layer in anatomy.layers if layer.name == name)


def _squeezed(gate: LayerInfo, layers: Sequence[LayerInfo]) -> bool:
    return any(source.receptive is None for source in layers if source.name in gate.sources)
