"""One part of a network as a graph in Graphviz's language: what belongs together is one box, ways around are drawn."""

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
    "ClassToken": "Class token in front",
    "Positions": "Place added to each token",
    "CLIPVisionPooler": "Class token alone",
}
NORMS = {"BatchNormalization": "BatchNorm", "LayerNormalization": "LayerNorm", "LayerScale": "scale"}
SILENT = ("ZeroPadding2D", "Cropping2D", "Reshape", "Dropout", "StochasticDepth")  # they learn and decide nothing
BESIDE = 4  # boxes side by side; a wider graph gets the whole width
SMALL = ("Add", "Multiply")  # what they give is as large as what they take
LIGHT = {"ink": "#1B1F2A", "quiet": "#5C6475", "frozen": "#DCE7F4", "trains": "#FBD9BF", "plain": "#EEF0F4"}
DARK = {"ink": "#ECEEF4", "quiet": "#A3AAB9", "frozen": "#2A3F5A", "trains": "#71380B", "plain": "#2B2F3A"}
BORDERS = {"frozen": "#7FA3CE", "trains": "#E76300", "plain": "#8A90A0"}
SHORTCUT = "#4A6FE3"


@dataclass(frozen=True)
class Box:
    """Layers one after the other that are drawn as one: a convolution, its BatchNorm, its activation."""

    layers: tuple[LayerInfo, ...]

    @property
    def main(self) -> LayerInfo:
        """The layer that gives the box its title."""
        return next((layer for layer in self.layers if _is_main(layer)), self.layers[0])

    @property
    def merges(self) -> bool:
        """Whether several ways meet here."""
        return len(self.layers[0].sources) > 1


def boxes(layers: Sequence[LayerInfo], *, every: bool = False) -> list[Box]:
    """Layers of a part as boxes; each alone where `every` is wanted.

    A layer joins the box before it when nothing else takes from there, and the box has room: one convolution, pooling
    or meeting point in each. BatchNorm and activations go with what is after them where a part begins with them.
    """
    inside = {layer.name for layer in layers}
    takers = dict.fromkeys(inside, 0)
    for layer in layers:
        for source in layer.sources:
            if source in inside:
                takers[source] += 1
    forward = _forward(layers)
    grown: list[list[LayerInfo]] = []
    ends: dict[str, int] = {}  # the last layer of a box -> its index
    for layer in layers:
        source = layer.sources[0] if len(layer.sources) == 1 else ""
        index = ends.get(source)
        joins = index is not None and takers[source] == 1 and not every
        if joins and any(map(_is_main, grown[index])):
            joins = not _is_main(layer) and _sort(layer) not in forward
        if joins:
            del ends[source]
            grown[index].append(layer)
        else:
            index = len(grown)
            grown.append([layer])
        ends[layer.name] = index
    return [Box(tuple(members)) for members in grown]


def unfolded(layers: Iterable[LayerInfo]) -> list[LayerInfo]:
    """Layers with what is inside them in their place, as a graph shows them."""
    return [step for layer in layers for step in layer.inside or (layer,)]


def dot(anatomy: Anatomy, part: str, frozen: Frozen, *, every: bool = False, dark: bool = False, size: int = 14) -> str:
    """The graph of a part, coloured by what trains: from top to bottom, or to the right where it is wider than long.

    Args:
        every: A box for each layer.
        dark: Colours for a dark page.
        size: Points of the type.
    """
    colours = DARK if dark else LIGHT
    layers = unfolded(anatomy.parts[part])
    trains = {row.name for row in frozen.layers if row.trainable_params}
    known = {layer.name: layer for layer in anatomy.layers}
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
        source = known[name]
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
    """The ways into a sum or a concatenation that go around others: what they bring, those others were made from."""
    if meeting.kind not in ("Add", "Concatenate"):
        return set()
    before = {layer.name: layer.sources for layer in layers}
    return {
        source
        for source in meeting.sources
        if any(source in _ancestors(other, before) for other in meeting.sources if other != source)
    }


def widest(drawn: Sequence[Box]) -> int:
    """How many boxes stand beside each other at most."""
    depths = _depths(drawn)
    return max(map(depths.count, depths))


def across(drawn: Sequence[Box]) -> bool:
    """Whether its ways had better lead from left to right: more of them than boxes in the longest, as in NASNet."""
    return widest(drawn) > BESIDE and widest(drawn) > max(_depths(drawn))


def _depths(drawn: Sequence[Box]) -> list[int]:
    """For each box, of how many the longest way to its end is made."""
    inside = {box.layers[-1].name: index for index, box in enumerate(drawn)}
    depths: list[int] = []
    for box in drawn:
        before = [depths[inside[source]] for source in box.layers[0].sources if source in inside]
        depths.append(1 + max(before, default=0))
    return depths


def description(anatomy: Anatomy, part: str) -> str:
    """What the graph shows, in a sentence or two: which ways lead through it, and where they meet."""
    layers = unfolded(anatomy.parts[part])
    if any(layer.kind == "MultiHeadAttention" for layer in layers):
        return _of_tokens(layers)
    inside = {layer.name for layer in layers}
    meeting = [layer for layer in layers if len(layer.sources) > 1]
    said = []
    adds = [layer for layer in meeting if layer.kind == "Add"]
    around = [layer for layer in adds if any(_unchanged(source, layers, inside) for source in layer.sources)]
    if around:
        said.append("Its input goes around its layers unchanged and is added: a residual block.")
    elif adds and len(adds) == 1:
        said.append("Its input is added to what its layers give, after a convolution of its own: a residual block.")
    elif adds:
        said.append(f"In {len(adds)} places two ways are added.")
    for layer in (layer for layer in meeting if layer.kind == "Concatenate"):
        kept = [source for source in layer.sources if _unchanged(source, layers, inside)]
        if kept and len(layer.sources) == 2:
            new = layer.shape[-1] - sum(_channels(source, anatomy) for source in kept)
            said.append(f"{new} new channels are put beside all {layer.shape[-1] - new:,} that came in: dense growth.")
        else:
            said.append(f"{len(layer.sources)} ways are put side by side, {layer.shape[-1]:,} channels in all.")
    if any(layer.kind == "Multiply" and len(layer.sources) > 1 and _squeezed(layer, layers) for layer in layers):
        said.append("A mean over the whole image decides how much each channel counts: squeeze and excitation.")
    return " ".join(said) or "One way leads through it, layer after layer."


def _of_tokens(layers: Sequence[LayerInfo]) -> str:
    tokens = layers[-1].shape[0]
    wide = max(layer.shape[-1] for layer in layers)
    return (
        f"Attention: each of the {tokens} tokens looks at all {tokens} and takes from each what it needs. "
        f"Then two dense layers, {wide:,} wide in the middle, work on each token alone. What came in goes "
        "around both and is added: a transformer block."
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
    place = box.layers.index(box.main)
    own = FUNCTIONS.get(box.main.function, box.main.function) if _is_main(box.main) else ""
    before, after = map(_said, box.layers[:place]), [own, *map(_said, box.layers[place + 1 :])]
    size = shape(box.layers[-1].shape) if box.main.kind not in SMALL or not box.merges else ""
    label = "\\n".join(filter(None, [_joined(before), _title(box.main), _joined(after), size]))
    names = "\\n".join(f"{layer.name} ({layer.kind}), {layer.params:,} parameters" for layer in box.layers)
    return f'label="{label}" fillcolor="{colours[state]}" color="{BORDERS[state]}" tooltip="{names}"' + (
        ' style="filled" shape=ellipse margin="0.02,0.02"' if box.merges else ""
    )


def _joined(said: Iterable[str]) -> str:
    return " · ".join(filter(None, said))


def _title(layer: LayerInfo) -> str:
    if len(layer.sources) > 1:
        return MERGING.get(layer.kind, layer.kind)
    depthwise = layer.kind == "Conv2D" and 1 < layer.groups == layer.shape[-1]
    title = TITLES["DepthwiseConv2D" if depthwise else layer.kind] if layer.kind in TITLES else ""
    title = title or _said(layer) or layer.kind
    if layer.kind == "MultiHeadAttention":
        title += f", {layer.groups} heads"
    if layer.window != (0, 0):
        title += f" {layer.window[0]} × {layer.window[1]}" + (f", stride {layer.stride}" if layer.stride > 1 else "")
    return title


def _said(layer: LayerInfo) -> str:
    """A layer inside a box of another."""
    if layer.kind in SILENT:
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


def _unchanged(name: str, layers: Sequence[LayerInfo], inside: set[str]) -> bool:
    """Whether this output is what came into the part, or that after layers without weights only."""
    while name in inside:
        layer = next(layer for layer in layers if layer.name == name)
        if layer.weight_layer or len(layer.sources) != 1 or _is_main(layer):
            return False
        name = layer.sources[0]
    return True


def _forward(layers: Sequence[LayerInfo]) -> set[str]:
    """Which of norm and function come before the convolutions of a part: in DenseNet both, in NASNet the function."""
    inside, found = {layer.name for layer in layers}, set()
    for layer in layers:
        if _is_main(layer):
            break
        if not inside.issuperset(layer.sources) or found:
            found.add(_sort(layer))
    return found - {""}


def _sort(layer: LayerInfo) -> str:
    if layer.kind in ("ReLU", "Activation"):
        return "function"
    return "norm" if layer.kind in ("BatchNormalization", "LayerNormalization") else ""


def _ancestors(name: str, before: Mapping[str, Sequence[str]]) -> set[str]:
    """All that an output of a part was made from, up to what comes into the part."""
    found, waiting = set(), list(before.get(name, ()))
    while waiting:
        source = waiting.pop()
        if source not in found:
            found.add(source)
            waiting += before.get(source, ())
    return found


def _channels(name: str, anatomy: Anatomy) -> int:
    return next(layer.shape[-1] for layer in anatomy.layers if layer.name == name)


def _squeezed(gate: LayerInfo, layers: Sequence[LayerInfo]) -> bool:
    return any(source.receptive is None for source in layers if source.name in gate.sources)
