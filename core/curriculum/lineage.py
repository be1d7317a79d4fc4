"""Who took what from whom: the family tree of the architectures, as their papers tell it.

A line says what the younger work took over, and the younger paper is its source: it cites the older one for that.
"""

from dataclasses import dataclass

from core.backbones.catalog import BACKBONES
from core.curriculum.papers import PAPERS, Paper


@dataclass(frozen=True)
class Work:
    """A paper as a node of the tree; its architectures are those of the table that name it."""

    name: str  # in PAPERS
    title: str  # on the tree
    family: str  # of its architectures; "" for works that only gave something
    note: str = ""  # what there is to say beside the paper

    @property
    def paper(self) -> Paper:
        return PAPERS[self.name]

    @property
    def architectures(self) -> tuple[str, ...]:
        """Names of its pretrained architectures."""
        return tuple(
            name for name, facts in BACKBONES.items() if facts.weights_file and facts.paper_url == self.paper.url
        )


@dataclass(frozen=True)
class Taken:
    """What one work took from another."""

    by: str
    from_: str
    what: str

    @property
    def source(self) -> Paper:
        """Where it says so."""
        return PAPERS[self.by]


WORKS = {
    work.name: work
    for work in (
        Work("LeNet", "LeNet", ""),
        Work("AlexNet", "AlexNet", ""),
        Work("Network in Network", "Network in Network", ""),
        Work("VGG", "VGG", "VGG"),
        Work("GoogLeNet", "GoogLeNet", "", "Inception, version 1"),
        Work("BatchNorm", "BatchNorm", "", "Inception, version 2, with it"),
        Work("Highway", "Highway networks", ""),
        Work("ResNet", "ResNet", "ResNet"),
        Work("InceptionV3", "Inception V3", "Inception"),
        Work("ResNetV2", "ResNet V2", "ResNetV2"),
        Work("InceptionResNet", "Inception-ResNet", "Inception"),
        Work("DenseNet", "DenseNet", "DenseNet"),
        Work("Xception", "Xception", "Xception"),
        Work("ResNeXt", "ResNeXt", ""),
        Work("MobileNet", "MobileNet", "MobileNet"),
        Work("Transformer", "Transformer", ""),
        Work("NASNet", "NASNet", "NASNet"),
        Work("SENet", "Squeeze and excite", ""),
        Work("MobileNetV2", "MobileNet V2", "MobileNet"),
        Work("MnasNet", "MnasNet", ""),
        Work("MobileNetV3", "MobileNet V3", "MobileNet"),
        Work("EfficientNet", "EfficientNet", "EfficientNet"),
        Work("ViT", "Vision transformer", ""),
        Work("CLIP", "CLIP", "CLIP", "Images and their captions, no labels"),
        Work("Swin", "Swin", ""),
        Work("EfficientNetV2", "EfficientNet V2", "EfficientNetV2"),
        Work("ConvNeXt", "ConvNeXt", "ConvNeXt"),
    )
}

TAKEN = (
    Taken("AlexNet", "LeNet", "convolution and pooling in turn, then dense layers; larger, with ReLU"),
    Taken("VGG", "AlexNet", "the plan of convolutions and dense layers; deeper, with 3 x 3 windows only"),
    Taken("GoogLeNet", "Network in Network", "1 x 1 convolutions and the average over the last map"),
    Taken("BatchNorm", "GoogLeNet", "the network that it normalises"),
    Taken("InceptionV3", "GoogLeNet", "modules of several windows; the large ones taken apart"),
    Taken("InceptionV3", "BatchNorm", "BatchNorm after every convolution"),
    Taken("ResNet", "VGG", "3 x 3 convolutions; channels that double when the picture halves"),
    Taken("ResNet", "BatchNorm", "BatchNorm after every convolution"),
    Taken("ResNet", "Highway", "ways around layers; without their gates"),
    Taken("ResNetV2", "ResNet", "residual blocks; BatchNorm and ReLU moved before the convolutions"),
    Taken("InceptionResNet", "InceptionV3", "the modules"),
    Taken("InceptionResNet", "ResNet", "a shortcut around each module"),
    Taken("DenseNet", "ResNet", "short ways through deep networks; joined, not added"),
    Taken("DenseNet", "ResNetV2", "BatchNorm, ReLU, convolution in this order"),
    Taken("Xception", "InceptionV3", "the separation of channels and space, taken to its end"),
    Taken("Xception", "ResNet", "shortcuts around its blocks"),
    Taken("ResNeXt", "ResNet", "bottleneck blocks; split into many paths"),
    Taken("MobileNet", "Xception", "depthwise separable convolutions throughout"),
    Taken("NASNet", "InceptionV3", "the motif of a repeated module of many branches"),
    Taken("NASNet", "ResNet", "the motif of repeated blocks with shortcuts"),
    Taken("NASNet", "Xception", "separable convolutions among the operations to choose from"),
    Taken("MobileNetV2", "MobileNet", "depthwise separable convolutions"),
    Taken("MobileNetV2", "ResNet", "residual blocks, turned inside out"),
    Taken("MnasNet", "NASNet", "search by reinforcement learning; for the time on a real telephone"),
    Taken("MnasNet", "MobileNetV2", "inverted residuals as what the search composes"),
    Taken("MobileNetV3", "MnasNet", "the platform-aware search and its first model"),
    Taken("MobileNetV3", "MobileNetV2", "inverted residuals and linear bottlenecks"),
    Taken("MobileNetV3", "SENet", "squeeze and excite inside the blocks"),
    Taken("EfficientNet", "MnasNet", "the search space in which B0 was found"),
    Taken("EfficientNet", "MobileNetV2", "the inverted residual as its block, MBConv"),
    Taken("EfficientNet", "SENet", "squeeze and excite inside the blocks"),
    Taken("EfficientNetV2", "EfficientNet", "MBConv and compound scaling; early blocks fused"),
    Taken("ViT", "Transformer", "the encoder, on patches of a picture"),
    Taken("Swin", "ViT", "patches and attention; within windows, in stages"),
    Taken("CLIP", "ResNet", "one of its two kinds of image encoder"),
    Taken("CLIP", "ViT", "the other kind of image encoder"),
    Taken("CLIP", "Transformer", "the text encoder"),
    Taken("ConvNeXt", "ResNet", "ResNet-50, from which its changes start"),
    Taken("ConvNeXt", "Swin", "the stages, patches first, large windows, LayerNorm, the training"),
    Taken("ConvNeXt", "ResNeXt", "more groups, more width; here one group a channel"),
    Taken("ConvNeXt", "MobileNetV2", "a block that is wide inside"),
)


def of(backbone: str) -> Work | None:
    """The work an architecture comes from; None for those of the course."""
    url = BACKBONES[backbone].paper_url
    return next((work for work in WORKS.values() if url and work.paper.url == url), None)


def taken_by(work: str) -> list[Taken]:
    """What a work took from others."""
    return [taken for taken in TAKEN if taken.by == work]


def taken_from(work: str) -> list[Taken]:
    """What others took from it."""
    return [taken for taken in TAKEN if taken.from_ == work]
