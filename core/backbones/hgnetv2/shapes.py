"""The shapes of HGNetV2 and its code, without Keras."""

from pathlib import Path
from typing import NamedTuple


class Shape(NamedTuple):
    """Channels and blocks of an HGNetV2: see `network`."""

    stem: tuple[int, int]
    stages: tuple[tuple[int, int, int], ...]


SHAPES = {
    "HGNetV2B4": Shape((32, 48), ((48, 128, 1), (96, 512, 1), (192, 1024, 3), (384, 2048, 1))),
    "HGNetV2B5": Shape((32, 64), ((64, 128, 1), (128, 512, 2), (256, 1024, 5), (512, 2048, 2))),
    "HGNetV2B6": Shape((48, 96), ((96, 192, 2), (192, 512, 3), (384, 1024, 6), (768, 2048, 3))),
}


def source() -> str:
    """The code of the network, in plain Keras."""
    code = Path(__file__).with_name("network.py").read_text(encoding="utf-8")  # importing it would load Keras
    return code[code.index("def hgnetv2") :]
