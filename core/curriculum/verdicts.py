"""What each family is good for, in our own words. Claims about size, published speed or accuracy carry a check.

A test runs every check against the catalog; figures in the sentences are computed from it.
"""

from collections.abc import Callable
from dataclasses import dataclass

from core.backbones.catalog import BACKBONES, CLIP, Backbone
from core.backbones.siglip import towers as siglip

_CATALOG = {name: spec for name, spec in BACKBONES.items() if spec.loader == "keras" and spec.top1}  # of ImageNet


@dataclass(frozen=True)
class Claim:
    """A sentence that can be checked against the catalog."""

    text: str
    check: Callable[[], bool]


@dataclass(frozen=True)
class Verdict:
    """Why to choose a family, and why not."""

    strengths: tuple[str | Claim, ...]
    weaknesses: tuple[str | Claim, ...]
    use: str  # when to use it


def of(backbone: str | Backbone) -> Verdict | None:
    """The verdict on the family of an architecture; None for those without pretrained weights."""
    spec = backbone if isinstance(backbone, Backbone) else BACKBONES[backbone]
    return VERDICTS.get(spec.family)


def text(statement: str | Claim) -> str:
    """The sentence of a checked or unchecked statement."""
    return statement.text if isinstance(statement, Claim) else statement


def _times(fact: str, one: str, other: str) -> float:
    return getattr(BACKBONES[one], fact) / getattr(BACKBONES[other], fact)


def _points(one: str, other: str) -> float:
    return (BACKBONES[one].top1 or 0) - (BACKBONES[other].top1 or 0)


def _family(name: str) -> list[Backbone]:
    return [spec for spec in _CATALOG.values() if spec.family == name]


def _all(fact: str, family: str = "") -> list[float]:
    specs = _family(family) if family else _CATALOG.values()
    return [value for spec in specs if (value := getattr(spec, fact)) is not None]


def _clips(fact: str) -> list[int]:
    """A fact of every CLIP except the toy."""
    return [getattr(spec, fact) for spec in BACKBONES.values() if spec.family == CLIP and spec.weights_folder]


def _zero_shot(name: str) -> float:
    """Percent of ImageNet's validation images, from class names."""
    return BACKBONES[name].zero_shot or 0.0


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


_VGG16_PARAMS = _CATALOG["VGG16"].params_top or 1  # with the classifier
_CLASSIFIER = 1 - _CATALOG["VGG16"].params / _VGG16_PARAMS  # fraction of its parameters

VERDICTS = {
    "VGG": Verdict(
        strengths=(
            "One kind of layer throughout: the easiest to read, draw and change.",
            Claim(
                f"Few layers with weights, {_CATALOG['VGG16'].depth} in VGG16: the shortest path from pixels to "
                "features.",
                lambda: _CATALOG["VGG16"].depth == min(_all("depth")),
            ),
            "Its feature maps describe textures well, and are still used to measure how similar two images look.",
        ),
        weaknesses=(
            Claim(
                f"{_percent(_CLASSIFIER)} of VGG16's {_VGG16_PARAMS / 1e6:.0f} M parameters are in its "
                "classifier, which transfer learning discards.",
                lambda: _CLASSIFIER > 0.85,
            ),
            Claim(
                f"No more accurate than MobileNetV2, which has {_percent(_times('params', 'MobileNetV2', 'VGG16'))} of "
                "its parameters.",
                lambda: _points("VGG16", "MobileNetV2") <= 0 and _times("params", "MobileNetV2", "VGG16") < 0.2,
            ),
        ),
        use="To explain what a convolution does, or where feature maps matter more than classes. Not for accuracy.",
    ),
    "ResNet": Verdict(
        strengths=(
            "The standard baseline: it trains without tricks, and every result is compared with it.",
            Claim(
                f"Plain convolutions suit hardware: by the published times ResNet50 is faster than DenseNet121, "
                f"although it has {_times('params', 'ResNet50', 'DenseNet121'):.1f} times the parameters.",
                lambda: (
                    _times("cpu_ms", "ResNet50", "DenseNet121") < 1
                    and _times("gpu_ms", "ResNet50", "DenseNet121") < 1
                    and _times("params", "ResNet50", "DenseNet121") > 3
                ),
            ),
        ),
        weaknesses=(
            Claim(
                f"Depth has diminishing returns: ResNet152 is {_points('ResNet152', 'ResNet50'):.1f} points better "
                f"than ResNet50 for {_times('params', 'ResNet152', 'ResNet50'):.1f} times the parameters.",
                lambda: 0 < _points("ResNet152", "ResNet50") < 3 and _times("params", "ResNet152", "ResNet50") > 2,
            ),
            Claim(
                f"Its published weights were trained with methods of 2015: EfficientNetV2B0, a quarter of its size, is "
                f"{_points('EfficientNetV2B0', 'ResNet50'):.1f} points better.",
                lambda: (
                    0.2 < _times("params", "EfficientNetV2B0", "ResNet50") < 0.3
                    and _points("EfficientNetV2B0", "ResNet50") > 3
                ),
            ),
        ),
        use="As a baseline, and where the features feed a detector or a segmentation model.",
    ),
    "ResNetV2": Verdict(
        strengths=(
            Claim(
                "More accurate than version 1 at every depth, with the same number of parameters.",
                lambda: all(
                    _points(f"{name}V2", name) > 0 and abs(_times("params", f"{name}V2", name) - 1) < 0.01
                    for name in ("ResNet50", "ResNet101", "ResNet152")
                ),
            ),
            "The unobstructed shortcut makes very deep networks easy to train.",
        ),
        weaknesses=(
            Claim(
                f"As heavy as version 1: {_CATALOG['ResNet50V2'].params / 1e6:.0f} to "
                f"{_CATALOG['ResNet152V2'].params / 1e6:.0f} M parameters.",
                lambda: min(spec.params for spec in _family("ResNetV2")) > 20e6,
            ),
        ),
        use="Wherever you would use a ResNet and do not need version 1.",
    ),
    "Inception": Verdict(
        strengths=(
            Claim(
                f"InceptionV3 is {_points('InceptionV3', 'ResNet50'):.1f} points better than ResNet50 with fewer "
                "parameters, and faster on a CPU by the published times.",
                lambda: (
                    _points("InceptionV3", "ResNet50") > 2
                    and _times("params", "InceptionV3", "ResNet50") < 1
                    and _times("cpu_ms", "InceptionV3", "ResNet50") < 1
                ),
            ),
            "Windows of several sizes in parallel: objects may be near or far.",
        ),
        weaknesses=(
            Claim(
                f"Takes no input below {_CATALOG['InceptionV3'].min_size} px: small images have to be enlarged first.",
                lambda: all(spec.min_size == max(_all("min_size")) for spec in _family("Inception")),
            ),
            Claim(
                f"InceptionResNetV2 needs {_times('params', 'InceptionResNetV2', 'InceptionV3'):.1f} times the "
                f"parameters of InceptionV3 for {_points('InceptionResNetV2', 'InceptionV3'):.1f} points.",
                lambda: _times("params", "InceptionResNetV2", "InceptionV3") > 2,
            ),
            "Dozens of channel counts chosen by hand: hard to change.",
        ),
        use="For images of about 299 px on a CPU, when a ResNet is not accurate enough.",
    ),
    "Xception": Verdict(
        strengths=(
            Claim(
                f"{_points('Xception', 'InceptionV3'):.1f} points better than InceptionV3 with slightly fewer "
                "parameters.",
                lambda: (
                    _points("Xception", "InceptionV3") > 0 and 0.9 < _times("params", "Xception", "InceptionV3") < 1
                ),
            ),
            "One repeated block: much simpler than the Inception modules it comes from.",
        ),
        weaknesses=(
            Claim(
                f"Small on paper, slow in practice: {_times('cpu_ms', 'Xception', 'InceptionV3'):.1f} times the "
                "published CPU time of InceptionV3.",
                lambda: _times("cpu_ms", "Xception", "InceptionV3") > 2,
            ),
            Claim(
                f"Takes no input below {_CATALOG['Xception'].min_size} px.",
                lambda: _CATALOG["Xception"].min_size > 32,
            ),
        ),
        use="To see what separable convolutions do at full size; on a GPU, at 299 px.",
    ),
    "DenseNet": Verdict(
        strengths=(
            Claim(
                f"As accurate as ResNet50 with {_percent(_times('params', 'DenseNet121', 'ResNet50'))} of its "
                "parameters.",
                lambda: (
                    abs(_points("DenseNet121", "ResNet50")) < 0.5 and _times("params", "DenseNet121", "ResNet50") < 0.33
                ),
            ),
            "Early features reach the end unchanged, which helps when the new images differ from ImageNet.",
        ),
        weaknesses=(
            Claim(
                f"Few parameters do not make it fast: {_times('cpu_ms', 'DenseNet121', 'ResNet50'):.1f} times the "
                "published CPU time of ResNet50.",
                lambda: _times("cpu_ms", "DenseNet121", "ResNet50") > 1.2,
            ),
            "Fine-tuning takes a lot of memory: concatenated channels are kept for every layer that reads them.",
        ),
        use="Where the file must be small and time does not matter; long popular for X-ray images.",
    ),
    "MobileNet": Verdict(
        strengths=(
            Claim(
                f"The smallest of all: MobileNetV3Small has {_CATALOG['MobileNetV3Small'].params / 1e6:.1f} M "
                "parameters.",
                lambda: _CATALOG["MobileNetV3Small"].params == min(_all("params")),
            ),
            Claim(
                "The shortest published CPU times of all: MobileNet first, MobileNetV2 second.",
                lambda: sorted(_all("cpu_ms"))[:2] == [_CATALOG["MobileNet"].cpu_ms, _CATALOG["MobileNetV2"].cpu_ms],
            ),
        ),
        weaknesses=(
            Claim(
                f"None reaches {max(_all('top1', 'MobileNet')) + 0.1:.1f} % on ImageNet.",
                lambda: max(_all("top1", "MobileNet")) < 76,
            ),
            Claim(
                f"Gains little on a GPU: MobileNetV2 has {_percent(_times('params', 'MobileNetV2', 'ResNet50'))} of "
                f"ResNet50's parameters but takes {_percent(_times('gpu_ms', 'MobileNetV2', 'ResNet50'))} of its "
                "published GPU time.",
                lambda: (
                    _times("params", "MobileNetV2", "ResNet50") < 0.1
                    and _times("gpu_ms", "MobileNetV2", "ResNet50") > 0.75
                ),
            ),
        ),
        use="On phones, on two cores, in a lecture: the first to try without a GPU.",
    ),
    "NASNet": Verdict(
        strengths=(
            Claim(
                "NASNetLarge was the most accurate of its time: no network here up to 2017 is better.",
                lambda: (
                    max(spec.top1 or 0 for spec in _CATALOG.values() if spec.year <= 2017)
                    == _CATALOG["NASNetLarge"].top1
                ),
            ),
            "It showed that a cell found on small images also works, stacked, on large ones.",
        ),
        weaknesses=(
            Claim(
                f"NASNetLarge takes {_times('cpu_ms', 'NASNetLarge', 'ResNet50'):.1f} times the published CPU time of "
                "ResNet50; EfficientNetB4 is more accurate with "
                f"{_percent(_times('params', 'EfficientNetB4', 'NASNetLarge'))} of its parameters.",
                lambda: (
                    _times("cpu_ms", "NASNetLarge", "ResNet50") > 5
                    and _points("EfficientNetB4", "NASNetLarge") > 0
                    and _times("params", "EfficientNetB4", "NASNetLarge") < 0.25
                ),
            ),
            Claim(
                f"{_CATALOG['NASNetMobile'].depth} layers with weights even in the mobile version: slow to build and "
                "hard to follow.",
                lambda: _CATALOG["NASNetMobile"].depth > 300,
            ),
        ),
        use="To see what an architecture search produces. In practice its successors are better.",
    ),
    "EfficientNet": Verdict(
        strengths=(
            Claim(
                f"EfficientNetB0 is {_points('EfficientNetB0', 'ResNet50'):.1f} points better than ResNet50 with "
                f"{_percent(_times('params', 'EfficientNetB0', 'ResNet50'))} of its parameters.",
                lambda: (
                    _points("EfficientNetB0", "ResNet50") > 2 and _times("params", "EfficientNetB0", "ResNet50") < 0.2
                ),
            ),
            Claim(
                f"One network in eight sizes, {_CATALOG['EfficientNetB0'].params / 1e6:.0f} to "
                f"{_CATALOG['EfficientNetB7'].params / 1e6:.0f} M parameters, each better than the one before.",
                lambda: all(_points(f"EfficientNetB{i + 1}", f"EfficientNetB{i}") > 0 for i in range(7)),
            ),
        ),
        weaknesses=(
            Claim(
                "The larger ones are much slower than their size suggests: B7 has "
                f"{_times('params', 'EfficientNetB7', 'ResNet152'):.1f} times the parameters of ResNet152 and "
                f"{_times('cpu_ms', 'EfficientNetB7', 'ResNet152'):.0f} times its published CPU time, because its "
                f"input is {_CATALOG['EfficientNetB7'].default_size} px.",
                lambda: (
                    _CATALOG["EfficientNetB7"].cpu_ms == max(_all("cpu_ms"))
                    and _times("params", "EfficientNetB7", "ResNet152") < 1.3
                ),
            ),
            "At inputs much smaller than its own it loses more than others: resolution is part of its design.",
        ),
        use="B0 to B3 as a sound default; Lite0, without squeeze and excite, on weak machines.",
    ),
    "EfficientNetV2": Verdict(
        strengths=(
            Claim(
                f"V2S is as accurate as B5 ({_points('EfficientNetV2S', 'EfficientNetB5'):+.1f} points) with "
                f"{_percent(_times('params', 'EfficientNetV2S', 'EfficientNetB5'))} of its parameters.",
                lambda: (
                    _points("EfficientNetV2S", "EfficientNetB5") >= 0
                    and _times("params", "EfficientNetV2S", "EfficientNetB5") < 0.75
                ),
            ),
            Claim(
                f"V2B0 beats B0 by {_points('EfficientNetV2B0', 'EfficientNetB0'):.1f} points at the same input size.",
                lambda: (
                    _points("EfficientNetV2B0", "EfficientNetB0") > 1
                    and _CATALOG["EfficientNetV2B0"].default_size == _CATALOG["EfficientNetB0"].default_size
                ),
            ),
        ),
        weaknesses=(
            Claim(
                "Keras publishes no times for it: measure before you rely on its speed.",
                lambda: all(spec.cpu_ms is None for spec in _family("EfficientNetV2")),
            ),
            Claim(
                f"V2L is among the largest with ImageNet weights: {_CATALOG['EfficientNetV2L'].params / 1e6:.0f} M.",
                lambda: _CATALOG["EfficientNetV2L"].params in sorted(_all("params"))[-3:],
            ),
        ),
        use="V2B0 to V2B3 in place of B0 to B4; V2S when there is a GPU.",
    ),
    "ConvNeXt": Verdict(
        strengths=(
            Claim(
                f"The most accurate here: ConvNeXtXLarge reaches {_CATALOG['ConvNeXtXLarge'].top1} % on ImageNet.",
                lambda: _CATALOG["ConvNeXtXLarge"].top1 == max(_all("top1")),
            ),
            Claim(
                f"ConvNeXtTiny is {_points('ConvNeXtTiny', 'ResNet50'):.1f} points better than ResNet50 with "
                f"{_times('params', 'ConvNeXtTiny', 'ResNet50'):.1f} times its parameters.",
                lambda: _points("ConvNeXtTiny", "ResNet50") > 5 and _times("params", "ConvNeXtTiny", "ResNet50") < 1.25,
            ),
            "No BatchNorm, hence no trouble with its statistics when fine-tuning with small batches.",
        ),
        weaknesses=(
            Claim(
                f"There is no small one: the smallest has {_CATALOG['ConvNeXtTiny'].params / 1e6:.0f} M parameters, "
                f"the largest {_CATALOG['ConvNeXtXLarge'].params / 1e6:.0f} M, more than any other network here.",
                lambda: (
                    min(spec.params for spec in _family("ConvNeXt")) > 25e6
                    and _CATALOG["ConvNeXtXLarge"].params == max(_all("params"))
                ),
            ),
            "Base and larger were pretrained on the fourteen million images of ImageNet-21k, unlike most others: part "
            "of their lead is data.",
        ),
        use="When accuracy comes first and there is a GPU.",
    ),
    "ViT": Verdict(
        strengths=(
            "The plain transformer, which all later ones are compared with: one width and one resolution throughout.",
            "Pretrained on the fourteen million images of ImageNet-21k.",
        ),
        weaknesses=(
            Claim(
                f"Large: the smallest here has {BACKBONES['ViTB16'].params / 1e6:.0f} M parameters, "
                f"{BACKBONES['ViTB16'].params / _CATALOG['ResNet50'].params:.1f} times as many as ResNet50.",
                lambda: (
                    BACKBONES["ViTB16"].params
                    == min(each.params for each in BACKBONES.values() if each.family == "ViT")
                ),
            ),
            "According to its paper, less accurate than ResNets of its size when trained on ImageNet alone.",
        ),
        use="When there is a GPU, and its lead in data is welcome.",
    ),
    "DeiT": Verdict(
        strengths=(
            "Learned from ImageNet alone, like most convolutional networks here: a fair comparison.",
            Claim(
                f"DeiTTiny is small for a transformer: {BACKBONES['DeiTTiny'].params / 1e6:.1f} M parameters.",
                lambda: (
                    BACKBONES["DeiTTiny"].params == min(each.params for each in BACKBONES.values() if each.patch > 1)
                ),
            ),
        ),
        weaknesses=(
            Claim(
                f"DeiTTiny is {_points('EfficientNetB0', 'DeiTTiny'):.1f} points less accurate than EfficientNetB0, "
                "which has fewer parameters.",
                lambda: (
                    _points("EfficientNetB0", "DeiTTiny") > 2 and _times("params", "EfficientNetB0", "DeiTTiny") < 1
                ),
            ),
            "It had a teacher: part of what it knows comes from a convolutional network.",
        ),
        use="To compare a transformer with a convolutional network that learned from the same images.",
    ),
    "Swin": Verdict(
        strengths=(
            Claim(
                f"Learned from ImageNet alone, without a teacher: SwinTiny is {_points('SwinTiny', 'ResNet50'):.1f} "
                "points better than ResNet50 with "
                f"{_times('params', 'SwinTiny', 'ResNet50'):.1f} times its parameters.",
                lambda: _points("SwinTiny", "ResNet50") > 5 and _times("params", "SwinTiny", "ResNet50") < 1.25,
            ),
            "It has feature maps at four resolutions, so Grad-CAM explains it, and detectors are built on it.",
        ),
        weaknesses=(
            Claim(
                "No more accurate than ConvNeXtTiny, which has the same size and no attention.",
                lambda: (
                    _points("SwinTiny", "ConvNeXtTiny") <= 0
                    and 0.95 < _times("params", "ConvNeXtTiny", "SwinTiny") < 1.05
                ),
            ),
            "Moving and cutting windows is slow where a device has no code of its own for that.",
        ),
        use="To see what attention adds to the stages of a convolutional network, beside ConvNeXt.",
    ),
    "HGNetV2": Verdict(
        strengths=(
            Claim(
                f"Accurate for its size: HGNetV2B4 is {_points('HGNetV2B4', 'EfficientNetB4'):.1f} points better than "
                f"EfficientNetB4 with {_times('params', 'HGNetV2B4', 'EfficientNetB4'):.2f} times its parameters, at a "
                "smaller input size.",
                lambda: (
                    _points("HGNetV2B4", "EfficientNetB4") > 0.5
                    and _times("params", "HGNetV2B4", "EfficientNetB4") < 0.8
                    and BACKBONES["HGNetV2B4"].default_size < BACKBONES["EfficientNetB4"].default_size
                ),
            ),
            "Made for graphics processors: plain convolutions, and one concatenation a block instead of one a layer.",
        ),
        weaknesses=(
            "It had a teacher, and images of ImageNet-22k besides: much of its lead is data.",
            "The small ones, B0 to B3, are not here: KerasHub reads them without their learned scales.",
        ),
        use="Where a GPU has to answer fast and well; detectors such as D-FINE are built on it.",
    ),
    "DINOv2": Verdict(
        strengths=(
            Claim(
                f"Made to be probed: a linear classifier on the features of DINOv2Small reaches "
                f"{BACKBONES['DINOv2Small'].top1} % on ImageNet, {_points('DINOv2Small', 'ResNet50'):.1f} points more "
                "than all of ResNet50.",
                lambda: _points("DINOv2Small", "ResNet50") > 5,
            ),
            "Takes any input size that is a multiple of its patches.",
        ),
        weaknesses=(
            Claim(
                f"Many tokens: patches of {BACKBONES['DINOv2Small'].patch} px, {(224 // 14) ** 2} of them at 224 px.",
                lambda: (
                    BACKBONES["DINOv2Small"].patch
                    == min(each.patch for each in BACKBONES.values() if each.patch > 1 and each.has_tokens)
                ),
            ),
            "It saw a hundred times as many images as networks trained on ImageNet: much of its lead is data.",
        ),
        use="For a probe or few labels, where the features have to be good as they are.",
    ),
    "SigLIP2": Verdict(
        strengths=(
            Claim(
                f"Zero-shot, it recognises {_zero_shot('SigLIP2B16')} % of ImageNet's images, "
                f"{_zero_shot('SigLIP2B16') - _zero_shot('CLIPViTB16'):.1f} points more than CLIPViTB16, whose image "
                "tower is as deep and as wide.",
                lambda: _zero_shot("SigLIP2B16") - _zero_shot("CLIPViTB16") > 5,
            ),
            "It judges every text by itself, so it can say that none fits; texts may be in many languages.",
        ),
        weaknesses=(
            Claim(
                f"A large download: {siglip.params(BACKBONES['SigLIP2B16']) / 1e6:.0f} M parameters, most of them in "
                "its vocabulary of 256,000 words.",
                lambda: siglip.params(BACKBONES["SigLIP2B16"]) < 2 * 256_000 * BACKBONES["SigLIP2B16"].feature_dim,
            ),
            "It saw ten billion images of the web: much of its lead is data, and it may have seen yours.",
        ),
        use="Where CLIP would do, and accuracy matters more than a small download.",
    ),
    CLIP: Verdict(
        strengths=(
            "It recognises any class that can be put into words: you can start without labelled images.",
            "In its paper, linear probes on its features were the best on average over 27 varied datasets.",
        ),
        weaknesses=(
            Claim(
                f"Large: the smallest trained on real captions has {min(_clips('params')) / 1e6:.0f} M parameters for "
                f"images alone, {min(_clips('params')) / _CATALOG['ResNet50'].params:.1f} times as many as ResNet50.",
                lambda: min(_clips("params")) > 3 * _CATALOG["ResNet50"].params,
            ),
            Claim(
                "It takes only one input size, because its position embeddings are learned.",
                lambda: _clips("min_size") == _clips("max_size") == _clips("default_size"),
            ),
            "Weak, according to its paper, at counting and at fine distinctions such as car models; it also learned "
            "the prejudices of the web.",
        ),
        use="When classes change or almost nothing is labelled: try it zero-shot first, then with a probe.",
    ),
}
