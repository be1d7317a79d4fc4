"""The colours of classes and of families of backbones; of right, wrong, chosen and quiet."""

from collections.abc import Sequence

from core.backbones import BACKBONES

# Petroff (2021), Accessible color sequences for data visualization, arXiv:2107.02270: safe for colour blindness.
CLASS_COLOURS = (
    "#3f90da",
    "#ffa90e",
    "#bd1f01",
    "#94a4a2",
    "#832db6",
    "#a96b59",
    "#e76300",
    "#b9ac70",
    "#717581",
    "#92dadd",
)

# Related families share a hue, and every family has a symbol too: twelve colours are too many to tell apart.
FAMILY_COLOURS = {
    "CLIP": "#0f8b8d",
    "ConvNeXt": "#00936a",
    "DINOv2": "#2f5d62",
    "DeiT": "#5ba4a4",
    "DenseNet": "#b9ac70",
    "EfficientNet": "#ffa90e",
    "EfficientNetV2": "#e76300",
    "From scratch": "#e0559a",
    "HGNetV2": "#6f8f2f",
    "Inception": "#9a5fd0",
    "MobileNet": "#d0321a",
    "NASNet": "#a96b59",
    "ResNet": "#3f90da",
    "ResNetV2": "#7cc3e8",
    "SigLIP2": "#6fb7b9",
    "Swin": "#3b7d4f",
    "Tiny": "#94a4a2",
    "VGG": "#7b8090",
    "ViT": "#14505c",
    "Xception": "#c993e0",
}
FAMILY_SYMBOLS = {
    "CLIP": "hexagon",
    "ConvNeXt": "triangle-up",
    "DINOv2": "star",
    "DeiT": "hexagon",
    "DenseNet": "square",
    "EfficientNet": "circle",
    "EfficientNetV2": "diamond",
    "From scratch": "star",
    "HGNetV2": "triangle-down",
    "Inception": "circle",
    "MobileNet": "circle",
    "NASNet": "cross",
    "ResNet": "circle",
    "ResNetV2": "diamond",
    "SigLIP2": "hexagon2",
    "Swin": "square",
    "Tiny": "x",
    "VGG": "square",
    "ViT": "diamond",
    "Xception": "diamond",
}

ACCENT = "#4a6fe3"  # what is chosen
RIGHT, WRONG = "#3f90da", "#e76300"  # predictions: distinguishable for colour-blind readers
QUIET = "#7b8192"  # lines and intervals, visible on white, on black and on tinted bars
_DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")


def class_colour(index: int) -> str:
    """The colour of a class, by its index: the ten, then the same ten lighter and darker in turn."""
    rounds, colour = divmod(index, len(CLASS_COLOURS))
    towards = 255 if rounds % 2 else 0
    share = min(0.2 * ((rounds + 1) // 2), 0.8)
    red, green, blue = (int(CLASS_COLOURS[colour][i : i + 2], 16) for i in (1, 3, 5))
    mixed = (round(part + share * (towards - part)) for part in (red, green, blue))
    return "#" + "".join(f"{part:02x}" for part in mixed)


def strokes(backbones: Sequence[str]) -> list[dict[str, str]]:
    """The colour of each backbone's family, and dashes that tell lines of one family apart."""
    families = [family(backbone) for backbone in backbones]
    return [
        {"color": backbone_colour(backbone), "dash": _DASHES[families[:index].count(families[index]) % len(_DASHES)]}
        for index, backbone in enumerate(backbones)
    ]


def backbone_colour(backbone: str) -> str:
    """The colour of a backbone's family."""
    return FAMILY_COLOURS.get(family(backbone), QUIET)


def look(kind: str, words: Sequence[str] = ()) -> dict[str, str]:
    """The colour and symbol of a family, or of one of these words."""
    if kind in words:
        return {"color": class_colour(words.index(kind)), "symbol": "circle"}
    return {"color": FAMILY_COLOURS.get(kind, QUIET), "symbol": FAMILY_SYMBOLS.get(kind, "circle")}


def family(backbone: str) -> str:
    """The family of a backbone; "Other" for one that is unknown here."""
    spec = BACKBONES.get(backbone)
    return spec.family if spec else "Other"
