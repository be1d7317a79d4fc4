"""The family tree of the architectures: what each paper says it borrowed from earlier work.

The source of every link is the younger paper, which cites the older one.
"""

from dataclasses import dataclass

from core.backbones.catalog import BACKBONES
from core.curriculum.papers import PAPERS, Paper


@dataclass(frozen=True)
class Work:
    """A paper as a node of the tree; its architectures are those of the catalog that cite it."""

    name: str  # key of PAPERS
    title: str  # label on the tree
    family: str  # of its architectures; "" if the catalog has none
    note: str = ""

    @property
    def paper(self) -> Paper:
        return PAPERS[self.name]

    @property
    def architectures(self) -> tuple[str, ...]:
        """Names of its pretrained architectures."""
        return tuple(name for name, spec in BACKBONES.items() if spec.weights_file and spec.paper_url == self.paper.url)


@dataclass(frozen=True)
class Taken:
    """What one work borrowed from another."""

    by: str
    from_: str
    what: str

    @property
    def source(self) -> Paper:
        """The paper that says so."""
        return PAPERS[self.by]


WORKS = {
    work.name: work
    for work in (
        Work("LeNet", "LeNet", ""),
        Work("AlexNet", "AlexNet", ""),
        Work("Network in Network", "Network in Network", ""),
        Work("VGG", "VGG", "VGG"),
        Work("GoogLeNet", "GoogLeNet", "", "Inception, version 1"),
        Work("BatchNorm", "BatchNorm", "", "Introduced with Inception, version 2"),
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
        Work("VoVNet", "VoVNet", ""),
        Work("MobileNetV3", "MobileNet V3", "MobileNet"),
        Work("EfficientNet", "EfficientNet", "EfficientNet"),
        Work("ViT", "Vision transformer", "ViT"),
        Work("DeiT", "DeiT", "DeiT"),
        Work("CLIP", "CLIP", "CLIP", "Images and their captions, no labels"),
        Work("Swin", "Swin", "Swin"),
        Work("EfficientNetV2", "EfficientNet V2", "EfficientNetV2"),
        Work("ConvNeXt", "ConvNeXt", "ConvNeXt"),
        Work("HGNetV2", "HGNet V2", "HGNetV2", "A teacher's answers, no labels (arXiv:2103.05959)"),
        Work("DINOv2", "DINOv2", "DINOv2", "Images alone, no labels"),
        Work("SigLIP2", "SigLIP 2", "SigLIP2", "Images and their texts, no labels"),
    )
}

TAKEN = (
    Taken("AlexNet", "LeNet", "alternating convolution and pooling, then dense layers; larger, with ReLU"),
    Taken("VGG", "AlexNet", "convolutions followed by dense layers; deeper, with 3 x 3 windows only"),
    Taken("GoogLeNet", "Network in Network", "1 x 1 convolutions and global average pooling"),
    Taken("BatchNorm", "GoogLeNet", "the network it normalises"),
    Taken("InceptionV3", "GoogLeNet", "modules of several windows; the large ones factorised"),
    Taken("InceptionV3", "BatchNorm", "BatchNorm after every convolution"),
    Taken("ResNet", "VGG", "3 x 3 convolutions; channels double when the resolution halves"),
    Taken("ResNet", "BatchNorm", "BatchNorm after every convolution"),
    Taken("ResNet", "Highway", "paths around layers; without their gates"),
    Taken("ResNetV2", "ResNet", "residual blocks; BatchNorm and ReLU moved before the convolutions"),
    Taken("InceptionResNet", "InceptionV3", "the modules"),
    Taken("InceptionResNet", "ResNet", "a shortcut around each module"),
    Taken("DenseNet", "ResNet", "short paths through deep networks; concatenated, not added"),
    Taken("DenseNet", "ResNetV2", "BatchNorm, ReLU, convolution in this order"),
    Taken("Xception", "InceptionV3", "the separation of channels and space, taken to the extreme"),
    Taken("Xception", "ResNet", "shortcuts around its blocks"),
    Taken("ResNeXt", "ResNet", "bottleneck blocks; split into many paths"),
    Taken("MobileNet", "Xception", "depthwise separable convolutions throughout"),
    Taken("NASNet", "InceptionV3", "the motif of a repeated module of many branches"),
    Taken("NASNet", "ResNet", "the motif of repeated blocks with shortcuts"),
    Taken("NASNet", "Xception", "separable convolutions among the operations to choose from"),
    Taken("MobileNetV2", "MobileNet", "depthwise separable convolutions"),
    Taken("MobileNetV2", "ResNet", "residual blocks, turned inside out"),
    Taken("MnasNet", "NASNet", "search by reinforcement learning; for latency on a real phone"),
    Taken("MnasNet", "MobileNetV2", "inverted residuals as building blocks of the search"),
    Taken("VoVNet", "DenseNet", "concatenated outputs; only once, at the end of a block"),
    Taken("MobileNetV3", "MnasNet", "the platform-aware search and its first model"),
    Taken("MobileNetV3", "MobileNetV2", "inverted residuals and linear bottlenecks"),
    Taken("MobileNetV3", "SENet", "squeeze and excite inside the blocks"),
    Taken("EfficientNet", "MnasNet", "the search space in which B0 was found"),
    Taken("EfficientNet", "MobileNetV2", "the inverted residual as its block, MBConv"),
    Taken("EfficientNet", "SENet", "squeeze and excite inside the blocks"),
    Taken("EfficientNetV2", "EfficientNet", "MBConv and compound scaling; early blocks fused"),
    Taken("ViT", "Transformer", "the encoder, applied to image patches"),
    Taken("DeiT", "ViT", "the network; trained on ImageNet alone, with a teacher"),
    Taken("Swin", "ViT", "patches and attention; within windows, in stages"),
    Taken("CLIP", "ResNet", "one of its two kinds of image encoder"),
    Taken("CLIP", "ViT", "the other kind of image encoder"),
    Taken("CLIP", "Transformer", "the text encoder"),
    Taken("ConvNeXt", "ResNet", "ResNet-50, its starting point"),
    Taken("ConvNeXt", "Swin", "its stages, patches first, large windows, LayerNorm, its training recipe"),
    Taken("ConvNeXt", "ResNeXt", "more groups, more width; here one group per channel"),
    Taken("ConvNeXt", "MobileNetV2", "a block that is wide inside"),
    Taken("HGNetV2", "VoVNet", "its block, by way of HGNet V1; lighter in the later stages"),
    Taken("DINOv2", "ViT", "the network; trained without labels"),
    Taken("SigLIP2", "CLIP", "images and texts in one space; each pair is judged by itself"),
    Taken("SigLIP2", "ViT", "the image encoder; attention pools its patches"),
)


def of(backbone: str) -> Work | None:
    """The work that introduced an architecture; None for those of the course."""
    url = BACKBONES[backbone].paper_url
    return next((work for work in WORKS.values() if url and work.paper.url == url), None)
