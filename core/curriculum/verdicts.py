"""What each family is good for, in our own words. Claims about size, published speed or accuracy carry a check.

A test runs every check against the table of facts; figures in the sentences are computed from it.
"""

from collections.abc import Callable
from dataclasses import dataclass

from core.backbones.catalog import BACKBONES, CLIP, Backbone

_FACTS = {name: facts for name, facts in BACKBONES.items() if facts.top1}  # those with ImageNet weights


@dataclass(frozen=True)
class Claim:
    """A sentence that the table of facts can prove wrong."""

    text: str
    check: Callable[[], bool]


@dataclass(frozen=True)
class Verdict:
    """Why one would take a family, and why not."""

    strengths: tuple[str | Claim, ...]
    weaknesses: tuple[str | Claim, ...]
    use: str  # when


def of(backbone: str | Backbone) -> Verdict | None:
    """The verdict on the family of an architecture; None for those without pretrained weights."""
    facts = backbone if isinstance(backbone, Backbone) else BACKBONES[backbone]
    return VERDICTS.get(facts.family)


def text(said: str | Claim) -> str:
    """The sentence, checked or not."""
    return said.text if isinstance(said, Claim) else said


def _times(fact: str, one: str, other: str) -> float:
    return getattr(_FACTS[one], fact) / getattr(_FACTS[other], fact)


def _points(one: str, other: str) -> float:
    return _FACTS[one].top1 - _FACTS[other].top1


def _family(name: str) -> list[Backbone]:
    return [facts for facts in _FACTS.values() if facts.family == name]


def _all(fact: str) -> list[float]:
    return [value for facts in _FACTS.values() if (value := getattr(facts, fact)) is not None]


def _clips(fact: str) -> list[int]:
    """A fact of every CLIP but the toy."""
    return [getattr(facts, fact) for facts in BACKBONES.values() if facts.family == CLIP and facts.weights_folder]


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


_CLASSIFIER = 1 - _FACTS["VGG16"].params / _FACTS["VGG16"].params_top  # share of its parameters

VERDICTS = {
    "VGG": Verdict(
        strengths=(
            "One kind of layer from front to back: the easiest to read, to draw and to change.",
            Claim(
                f"Few layers with weights, {_FACTS['VGG16'].depth} in VGG16: the shortest path from pixels to "
                "features.",
                lambda: _FACTS["VGG16"].depth == min(_all("depth")),
            ),
            "Its feature maps describe textures well, and are still used to judge how alike two pictures look.",
        ),
        weaknesses=(
            Claim(
                f"{_percent(_CLASSIFIER)} of VGG16's {_FACTS['VGG16'].params_top / 1e6:.0f} M parameters are in its "
                "classifier, which transfer learning throws away.",
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
            "The one everybody knows: it trains without tricks, and any result can be compared with it.",
            Claim(
                f"Made of plain convolutions, which hardware likes: by the published times ResNet50 is quicker than "
                f"DenseNet121, although it has {_times('params', 'ResNet50', 'DenseNet121'):.1f} times the parameters.",
                lambda: (
                    _times("cpu_ms", "ResNet50", "DenseNet121") < 1
                    and _times("gpu_ms", "ResNet50", "DenseNet121") < 1
                    and _times("params", "ResNet50", "DenseNet121") > 3
                ),
            ),
        ),
        weaknesses=(
            Claim(
                f"Depth pays little in the end: ResNet152 is {_points('ResNet152', 'ResNet50'):.1f} points better than "
                f"ResNet50 for {_times('params', 'ResNet152', 'ResNet50'):.1f} times the parameters.",
                lambda: 0 < _points("ResNet152", "ResNet50") < 3 and _times("params", "ResNet152", "ResNet50") > 2,
            ),
            Claim(
                f"Its published weights were trained as one did in 2015: EfficientNetV2B0, a quarter of its size, is "
                f"{_points('EfficientNetV2B0', 'ResNet50'):.1f} points better.",
                lambda: (
                    0.2 < _times("params", "EfficientNetV2B0", "ResNet50") < 0.3
                    and _points("EfficientNetV2B0", "ResNet50") > 3
                ),
            ),
        ),
        use="As the first thing to compare with, and where the features go on into a detector or a segmenter.",
    ),
    "ResNetV2": Verdict(
        strengths=(
            Claim(
                "More accurate than version 1 at every depth, with as many parameters.",
                lambda: all(
                    _points(f"{name}V2", name) > 0 and abs(_times("params", f"{name}V2", name) - 1) < 0.01
                    for name in ("ResNet50", "ResNet101", "ResNet152")
                ),
            ),
            "The untouched shortcut makes very deep ones easy to train.",
        ),
        weaknesses=(
            Claim(
                f"As heavy as version 1: {_FACTS['ResNet50V2'].params / 1e6:.0f} to "
                f"{_FACTS['ResNet152V2'].params / 1e6:.0f} M parameters.",
                lambda: min(facts.params for facts in _family("ResNetV2")) > 20e6,
            ),
        ),
        use="Where you would take a ResNet and nothing forces you to version 1.",
    ),
    "Inception": Verdict(
        strengths=(
            Claim(
                f"InceptionV3 is {_points('InceptionV3', 'ResNet50'):.1f} points better than ResNet50 with fewer "
                "parameters, and quicker on a CPU by the published times.",
                lambda: (
                    _points("InceptionV3", "ResNet50") > 2
                    and _times("params", "InceptionV3", "ResNet50") < 1
                    and _times("cpu_ms", "InceptionV3", "ResNet50") < 1
                ),
            ),
            "Windows of several sizes side by side: things may be near or far.",
        ),
        weaknesses=(
            Claim(
                f"Nothing below {_FACTS['InceptionV3'].min_size} px: small images have to be enlarged first.",
                lambda: all(facts.min_size == max(_all("min_size")) for facts in _family("Inception")),
            ),
            Claim(
                f"InceptionResNetV2 needs {_times('params', 'InceptionResNetV2', 'InceptionV3'):.1f} times the "
                f"parameters of InceptionV3 for {_points('InceptionResNetV2', 'InceptionV3'):.1f} points.",
                lambda: _times("params", "InceptionResNetV2", "InceptionV3") > 2,
            ),
            "Dozens of channel counts chosen by hand: hard to change.",
        ),
        use="For images of 299 px or so on a CPU, when a ResNet is not accurate enough.",
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
            "One block, repeated: much simpler than the Inception modules it comes from.",
        ),
        weaknesses=(
            Claim(
                f"Small on paper, slow in fact: {_times('cpu_ms', 'Xception', 'InceptionV3'):.1f} times the "
                "published CPU time of InceptionV3.",
                lambda: _times("cpu_ms", "Xception", "InceptionV3") > 2,
            ),
            Claim(
                f"Takes nothing below {_FACTS['Xception'].min_size} px.",
                lambda: _FACTS["Xception"].min_size > 32,
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
            "Early features reach the end unchanged, which helps when the new images are unlike ImageNet.",
        ),
        weaknesses=(
            Claim(
                f"Few parameters are not speed: {_times('cpu_ms', 'DenseNet121', 'ResNet50'):.1f} times the "
                "published CPU time of ResNet50.",
                lambda: _times("cpu_ms", "DenseNet121", "ResNet50") > 1.2,
            ),
            "Fine-tuning takes much memory, for joined channels are kept for every layer that reads them.",
        ),
        use="Where the file must be small and time does not matter; long popular for X-rays.",
    ),
    "MobileNet": Verdict(
        strengths=(
            Claim(
                f"The smallest there are: MobileNetV3Small has {_FACTS['MobileNetV3Small'].params / 1e6:.1f} M "
                "parameters.",
                lambda: _FACTS["MobileNetV3Small"].params == min(_all("params")),
            ),
            Claim(
                "The shortest published times of all on a CPU: MobileNet first, MobileNetV2 second.",
                lambda: sorted(_all("cpu_ms"))[:2] == [_FACTS["MobileNet"].cpu_ms, _FACTS["MobileNetV2"].cpu_ms],
            ),
        ),
        weaknesses=(
            Claim(
                f"None reaches {max(facts.top1 for facts in _family('MobileNet')) + 0.1:.1f} % on ImageNet.",
                lambda: max(facts.top1 for facts in _family("MobileNet")) < 76,
            ),
            Claim(
                f"A GPU gains little: MobileNetV2 has {_percent(_times('params', 'MobileNetV2', 'ResNet50'))} of "
                f"ResNet50's parameters, and takes {_percent(_times('gpu_ms', 'MobileNetV2', 'ResNet50'))} of its "
                "published GPU time.",
                lambda: (
                    _times("params", "MobileNetV2", "ResNet50") < 0.1
                    and _times("gpu_ms", "MobileNetV2", "ResNet50") > 0.75
                ),
            ),
        ),
        use="On telephones, on two cores, in a lecture: the first to try when there is no GPU.",
    ),
    "NASNet": Verdict(
        strengths=(
            Claim(
                "NASNetLarge was the most accurate of its time: nothing up to 2017 in this table is better.",
                lambda: max(f.top1 for f in _FACTS.values() if f.year <= 2017) == _FACTS["NASNetLarge"].top1,
            ),
            "It showed that a cell found on small images can be stacked for large ones.",
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
                f"{_FACTS['NASNetMobile'].depth} layers with weights even in the mobile one: slow to build, and "
                "nothing anyone can follow.",
                lambda: _FACTS["NASNetMobile"].depth > 300,
            ),
        ),
        use="To see what a search comes up with. For work, its successors are better.",
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
                f"Eight sizes of one network, {_FACTS['EfficientNetB0'].params / 1e6:.0f} to "
                f"{_FACTS['EfficientNetB7'].params / 1e6:.0f} M parameters, each better than the one before.",
                lambda: all(_points(f"EfficientNetB{i + 1}", f"EfficientNetB{i}") > 0 for i in range(7)),
            ),
        ),
        weaknesses=(
            Claim(
                "The larger ones are slow far beyond their size: B7 has "
                f"{_times('params', 'EfficientNetB7', 'ResNet152'):.1f} times the parameters of ResNet152 and "
                f"{_times('cpu_ms', 'EfficientNetB7', 'ResNet152'):.0f} times its published CPU time, for it looks "
                f"at {_FACTS['EfficientNetB7'].default_size} px.",
                lambda: (
                    _FACTS["EfficientNetB7"].cpu_ms == max(_all("cpu_ms"))
                    and _times("params", "EfficientNetB7", "ResNet152") < 1.3
                ),
            ),
            "At inputs much smaller than its own it loses more than others: resolution is a part of its design.",
        ),
        use="B0 to B3 as a sound choice of today; Lite0, without squeeze and excite, on weak machines.",
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
                    and _FACTS["EfficientNetV2B0"].default_size == _FACTS["EfficientNetB0"].default_size
                ),
            ),
        ),
        weaknesses=(
            Claim(
                "Keras has published no times for it: measure before you promise anything.",
                lambda: all(facts.cpu_ms is None for facts in _family("EfficientNetV2")),
            ),
            Claim(
                f"V2L is among the largest with ImageNet weights: {_FACTS['EfficientNetV2L'].params / 1e6:.0f} M.",
                lambda: _FACTS["EfficientNetV2L"].params in sorted(_all("params"))[-3:],
            ),
        ),
        use="V2B0 to V2B3 in place of B0 to B4; V2S when there is a GPU.",
    ),
    "ConvNeXt": Verdict(
        strengths=(
            Claim(
                f"The most accurate of all here: ConvNeXtXLarge with {_FACTS['ConvNeXtXLarge'].top1} % on ImageNet.",
                lambda: _FACTS["ConvNeXtXLarge"].top1 == max(_all("top1")),
            ),
            Claim(
                f"ConvNeXtTiny is {_points('ConvNeXtTiny', 'ResNet50'):.1f} points better than ResNet50 with "
                f"{_times('params', 'ConvNeXtTiny', 'ResNet50'):.1f} times its parameters.",
                lambda: _points("ConvNeXtTiny", "ResNet50") > 5 and _times("params", "ConvNeXtTiny", "ResNet50") < 1.25,
            ),
            "No BatchNorm: nothing to get wrong about its statistics when fine-tuning with small batches.",
        ),
        weaknesses=(
            Claim(
                f"There is no small one: the least has {_FACTS['ConvNeXtTiny'].params / 1e6:.0f} M parameters, the "
                f"largest {_FACTS['ConvNeXtXLarge'].params / 1e6:.0f} M, more than any other with ImageNet weights.",
                lambda: (
                    min(facts.params for facts in _family("ConvNeXt")) > 25e6
                    and _FACTS["ConvNeXtXLarge"].params == max(_all("params"))
                ),
            ),
            "Base and larger were first trained on the fourteen million images of ImageNet-21k, most others were "
            "not: a part of their lead is data.",
        ),
        use="When accuracy comes first and there is a GPU.",
    ),
    CLIP: Verdict(
        strengths=(
            "It knows any class that can be put into words: no labelled image is needed to begin with.",
            "Linear probes on its features did best in its paper, on average over 27 datasets of many kinds.",
        ),
        weaknesses=(
            Claim(
                f"Large: the smallest trained on real captions has {min(_clips('params')) / 1e6:.0f} M parameters for "
                f"images alone, {min(_clips('params')) / _FACTS['ResNet50'].params:.1f} times ResNet50.",
                lambda: min(_clips("params")) > 3 * _FACTS["ResNet50"].params,
            ),
            Claim(
                "It takes one input size only: the places of its patches are learned.",
                lambda: _clips("min_size") == _clips("max_size") == _clips("default_size"),
            ),
            "By its paper weak at counting and at fine distinctions, such as models of cars; and it has learned the "
            "prejudices of the web with its words.",
        ),
        use="When classes change, or hardly anything is labelled: ask it in words first, then probe it.",
    ),
}
