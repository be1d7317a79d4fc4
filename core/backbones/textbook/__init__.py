"""Networks of the chapter, written out in plain Keras: each file is what a learner reads.

    source(name) -> the code       NETWORKS[name].build(input_size) -> the network, with its first weights

They stand alone: no file needs another, so that any of them can be copied and run.
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
    keras: str  # the architecture of Keras that it equals, tensor by tensor; "" where there is none
    families: tuple[str, ...]  # whose idea it shows
    look_for: tuple[str, ...]  # what to see in the code, a sentence each
    variants: dict[str, dict] = field(default_factory=dict)  # what else it could be -> arguments of `build`


NETWORKS = {  # name among the backbones -> the network
    "TextbookVGG16": Textbook(
        vgg16,
        "VGG16",
        ("VGG",),
        (
            "The whole network is one table of two numbers a block, and one loop over it.",
            "When the picture halves, the channels double: each block costs about as much as the one before.",
        ),
    ),
    "TextbookInception": Textbook(
        inception_small,
        "",
        ("Inception",),
        (
            "The four paths of a module start from the same `x` and end in one `Concatenate`.",
            "In front of each large window stands a 1 x 1 convolution that narrows what the window has to read.",
        ),
    ),
    "TextbookResNet50": Textbook(
        resnet50,
        "ResNet50",
        ("ResNet", "ResNetV2"),
        (
            "`Add` is all that makes it a residual network: take it away and it is a plain one.",
            "The shortcut is the input itself, but for the first block of a stage, where the shape changes.",
        ),
        {"A projection in every block": {"project": "every"}},
    ),
    "TextbookDenseNet121": Textbook(
        densenet121,
        "DenseNet121",
        ("DenseNet",),
        (
            "`Concatenate` where a residual network has `Add`: nothing is ever written over.",
            "BatchNorm and ReLU come before the convolution, for each layer reads the same channels in its own way.",
        ),
    ),
    "TextbookXception": Textbook(
        xception,
        "Xception",
        ("Xception",),
        (
            "`SeparableConv2D` has taken the place of `Conv2D` everywhere but in the first block and the shortcuts.",
            "There is no activation between the depthwise and the pointwise half.",
        ),
    ),
    "TextbookMobileNet": Textbook(
        mobilenet,
        "MobileNet",
        ("MobileNet",),
        (
            "Each block is two lines: look (depthwise), mix (1 x 1).",
            "There are no shortcuts; they came with version 2, together with the wide middle.",
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
            "The two `Dense` layers act on each place by itself: they are 1 x 1 convolutions by another name.",
            "LayerNorm, one activation a block and stages of 3, 3, 9, 3 blocks come from transformers; 7 x 7 looks as "
            "far as their windows.",
        ),
    ),
}


def of_family(family: str) -> str:
    """The name of the network that shows the idea of a family; "" where none is written out."""
    return next((name for name, network in NETWORKS.items() if family in network.families), "")


def source(build: Callable) -> str:
    """The file that a learner reads: where a network is written out, from its first line."""
    return inspect.getsource(sys.modules[build.__module__])
