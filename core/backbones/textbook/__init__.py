"""The chapter's networks written out in plain Keras, for learners to read.

    source(name) -> the code       NETWORKS[name].build(input_size) -> the network with initial weights

Each file is self-contained, so that it can be copied and run.
"""

import inspect
import sys
from collections.abc import Callable
from dataclasses import dataclass, field

from core.backbones.textbook.convnext import convnext_tiny
from core.backbones.textbook.densenet import densenet121
from core.backbones.textbook.efficientnet import efficientnet_b0
from core.backbones.textbook.inception import inception_small
from core.backbones.textbook.mobilenet import mobilenet
from core.backbones.textbook.resnet import resnet50
from core.backbones.textbook.vgg import vgg16
from core.backbones.textbook.xception import xception


@dataclass(frozen=True)
class Textbook:
    """One network, written out."""

    build: Callable  # input size -> network
    keras: str  # the Keras architecture it equals, tensor by tensor; "" if there is none
    families: tuple[str, ...]  # the families whose idea it shows
    look_for: tuple[str, ...]  # what to notice in the code, one sentence each
    variants: dict[str, dict] = field(default_factory=dict)  # title of a variant -> arguments of `build`


NETWORKS = {  # name among the backbones -> the network
    "TextbookVGG16": Textbook(
        vgg16,
        "VGG16",
        ("VGG",),
        (
            "The whole network is a table with two numbers per block, and a loop over it.",
            "When the resolution halves, the channels double: each block costs about as much as the one before.",
        ),
    ),
    "TextbookInception": Textbook(
        inception_small,
        "",
        ("Inception",),
        (
            "The four paths of a module start from the same `x` and end in one `Concatenate`.",
            "A 1 x 1 convolution in front of each large window reduces the channels the window has to read.",
        ),
    ),
    "TextbookResNet50": Textbook(
        resnet50,
        "ResNet50",
        ("ResNet", "ResNetV2"),
        (
            "`Add` is all that makes it a residual network: without it, the network is a plain one.",
            "The shortcut is the input itself, except in the first block of a stage, where the shape changes.",
        ),
        {"A projection in every block": {"project": "every"}},
    ),
    "TextbookDenseNet121": Textbook(
        densenet121,
        "DenseNet121",
        ("DenseNet",),
        (
            "`Concatenate` where a residual network has `Add`: nothing is ever overwritten.",
            "BatchNorm and ReLU come before the convolution, since each layer reads the shared channels its own way.",
        ),
    ),
    "TextbookXception": Textbook(
        xception,
        "Xception",
        ("Xception",),
        (
            "`SeparableConv2D` replaces `Conv2D` everywhere except in the first block and the shortcuts.",
            "There is no activation between the depthwise and the pointwise convolution.",
        ),
    ),
    "TextbookMobileNet": Textbook(
        mobilenet,
        "MobileNet",
        ("MobileNet",),
        (
            "Each block is two lines: look (depthwise), mix (1 x 1).",
            "There are no shortcuts; version 2 added them, together with the wide middle.",
        ),
    ),
    "TextbookEfficientNetB0": Textbook(
        efficientnet_b0,
        "EfficientNetB0",
        ("EfficientNet", "EfficientNetV2"),
        (
            "The table of stages was found by a search; the block in `mbconv` was designed by people.",
            "Squeeze and excite multiplies whole channels by a number between 0 and 1 that depends on the image.",
        ),
    ),
    "TextbookConvNeXtTiny": Textbook(
        convnext_tiny,
        "ConvNeXtTiny",
        ("ConvNeXt",),
        (
            "The two `Dense` layers act on each position separately: they are 1 x 1 convolutions by another name.",
            "LayerNorm, one activation per block and stages of 3, 3, 9 and 3 blocks come from transformers; 7 x 7 sees "
            "as far as their windows.",
        ),
    ),
}


def of_family(family: str) -> str:
    """The name of the network that shows the idea of a family; "" if there is none."""
    return next((name for name, network in NETWORKS.items() if family in network.families), "")


def source(build: Callable) -> str:
    """The source file in which a network is written out."""
    return inspect.getsource(sys.modules[build.__module__])
