"""What the book claims of the architectures, and where that differs from what is counted, cited or measured.

The book is the textbook chapter that the recipes and lessons follow. Its facts are those of its Table 41.1 and of its
mind map; strengths and weaknesses are shortened to keywords.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from core.backbones.catalog import BACKBONES, CLIP, Backbone
from core.backbones.clip import towers
from core.curriculum.lineage import WORKS, of

SPEEDS = ("very fast", "fast", "moderate", "slow")  # the book's words
MEASURED, CITED = "measured on this machine", "CPU times published by Keras"
CLEAR = 1.1  # ratio of two times from which they contradict the book's words


@dataclass(frozen=True)
class Row:
    """A row of Table 41.1."""

    backbone: str  # name in the catalog; for CLIP, the one that the book's example loads
    year: int
    size: str  # million parameters, with the digits that are printed
    speed: str  # one of SPEEDS
    strengths: str
    weaknesses: str


# fmt: off
TABLE = {  # the book's name -> its row
    "VGG16": Row("VGG16", 2014, "138", "slow", "simple; transfer learning", "large; costly"),
    "VGG19": Row("VGG19", 2014, "143", "slow", "deeper than VGG16", "costlier than VGG16"),
    "InceptionV3": Row("InceptionV3", 2015, "23", "fast", "several scales at once", "complex"),
    "InceptionResNetV2": Row("InceptionResNetV2", 2016, "56", "moderate", "Inception with residuals",
                             "more complex; more parameters"),
    "ResNet50": Row("ResNet50", 2015, "25.6", "fast", "residuals against vanishing gradients", "memory"),
    "ResNet101": Row("ResNet101", 2015, "44.5", "moderate", "good results", "costly"),
    "ResNet152": Row("ResNet152", 2015, "60.2", "slow", "very deep tasks", "very slow; memory"),
    "ResNet50V2": Row("ResNet50V2", 2016, "25.6", "fast", "optimises better than V1", "still large"),
    "MobileNetV1": Row("MobileNet", 2017, "4.2", "very fast", "efficient on phones",
                       "less accurate than large ones"),
    "MobileNetV2": Row("MobileNetV2", 2018, "3.4", "very fast", "more efficient and accurate than V1",
                       "less accurate than large ones"),
    "MobileNetV3Large": Row("MobileNetV3Large", 2019, "5.4", "very fast", "found by architecture search",
                            "accuracy traded for efficiency"),
    "MobileNetV3Small": Row("MobileNetV3Small", 2019, "2.9", "very fast", "few resources", "less accurate"),
    "Xception": Row("Xception", 2017, "22.9", "moderate", "more accurate than Inception; fewer parameters",
                    "complex"),
    "NASNetLarge": Row("NASNetLarge", 2018, "88.9", "slow", "accurate by architecture search",
                       "large; not for real time"),
    "NASNetMobile": Row("NASNetMobile", 2018, "5.3", "fast", "good accuracy on phones",
                        "less accurate than large ones"),
    "DenseNet121": Row("DenseNet121", 2017, "8", "moderate", "reuses features", "memory; computation"),
    "DenseNet169": Row("DenseNet169", 2017, "14.3", "moderate", "balances depth and accuracy", "more complex"),
    "DenseNet201": Row("DenseNet201", 2017, "20", "slow", "accurate; deep tasks", "memory"),
    "EfficientNetB0": Row("EfficientNetB0", 2019, "5.3", "fast", "accuracy for its cost",
                          "less accurate than B1 to B7"),
    "EfficientNetB7": Row("EfficientNetB7", 2019, "66", "slow", "most accurate of its time", "very large; slow"),
    "EfficientNetV2S": Row("EfficientNetV2S", 2021, "24", "fast", "trains and runs faster", "more computation"),
    "EfficientNetV2L": Row("EfficientNetV2L", 2021, "121", "slow", "very accurate", "very large"),
    "ConvNeXtTiny": Row("ConvNeXtTiny", 2022, "28.6", "fast", "modern convolutions; accurate",
                        "larger than MobileNets"),
    "ConvNeXtLarge": Row("ConvNeXtLarge", 2022, "198", "slow", "as good as transformers", "large; costly"),
    "OpenAI CLIP": Row("CLIPViTB32", 2021, "428", "moderate", "images and text; zero-shot; transfer",
                       "large; costly to train and run"),
}
MIND_MAP = {  # work of the family tree -> year in the mind map; what it calls Inception is the first, GoogLeNet
    "VGG": 2013, "GoogLeNet": 2014, "ResNet": 2015, "DenseNet": 2016, "MobileNet": 2017, "MobileNetV2": 2018,
    "MobileNetV3": 2019, "Xception": 2018, "NASNet": 2019, "EfficientNet": 2020, "EfficientNetV2": 2021, "CLIP": 2021,
    "ConvNeXt": 2022,
}
# fmt: on


@dataclass(frozen=True)
class Size:
    """A size of the book, beside the counts of the same network."""

    counted: int  # parameters: the count it fits, or the nearest
    what: str  # is counted
    backbone: str  # of which network
    fits: bool  # the digits printed are those of the count, rounded or cut off

    def off(self, claimed: str) -> float:
        """The difference as a fraction of the count."""
        return float(claimed) * 1e6 / self.counted - 1


@dataclass(frozen=True)
class Speed:
    """A speed word of the book, beside the rank of the network's time among the rows that have one."""

    basis: str  # what the times are
    rank: int  # 1 is the fastest
    among: int
    word: str  # that the book would use for this rank
    contradicted_by: str = ""  # the row that contradicts the book's word most; "" if the word stands
    ratio: float = 1.0  # how far apart the two times are


def row_of(backbone: str) -> tuple[str, Row] | None:
    """The book's name for a network, and its row; the row of CLIP speaks of OpenAI's, whichever of them is asked."""
    spec = BACKBONES[backbone]
    openai = spec.family == CLIP and spec.weights_folder.endswith("openai/")
    wanted = TABLE["OpenAI CLIP"].backbone if openai else backbone
    return next(((name, row) for name, row in TABLE.items() if row.backbone == wanted), None)


def size(row: Row) -> Size:
    """Which count a claimed size fits: with or without the classifier, or of which CLIP."""
    spec = BACKBONES[row.backbone]
    counts = [(params, what, each.name) for each in _candidates(spec) for params, what in _counts(each)]
    claimed = float(row.size) * 1e6
    last_digit = 1e6 * float(Decimal(1).scaleb(int(Decimal(row.size).as_tuple().exponent)))
    fitting = [count for count in counts if -last_digit / 2 <= count[0] - claimed < last_digit]  # rounded, or cut off
    nearest = min(counts, key=lambda count: abs(count[0] - claimed))
    return Size(*(fitting or [nearest])[0], fits=bool(fitting))


def judge(rates: Mapping[str, float]) -> dict[str, Speed]:
    """Judge the speed words by what was measured here, and where that is too little, by what Keras publishes.

    A measured row is judged among the measured ones as soon as these carry two words; times of different machines are
    never compared.

    Args:
        rates: The book's name -> images per second on this machine.
    """
    cited = {name: ms / 1000 for name, row in TABLE.items() if (ms := BACKBONES[row.backbone].cpu_ms)}
    enough = len({TABLE[name].speed for name in rates}) > 1
    here = {name: 1 / rate for name, rate in rates.items()} if enough else {}
    return speeds(cited, CITED) | speeds(here, MEASURED)


def speeds(seconds: Mapping[str, float], basis: str) -> dict[str, Speed]:
    """Judge the speed words of rows by times of their networks, all taken in the same way.

    The words are dealt out anew, as many of each, to the rows in order of their times. A row that gets another word is
    contradicted if the time of a row that the book calls faster is at least `CLEAR` times as long (or, where it gets a
    slower word, that of a row called slower as many times as short).

    Args:
        seconds: The book's name -> time for the same work. Rows without a time are left out.
        basis: What the times are.
    """
    ranked = sorted((name for name in TABLE if name in seconds), key=lambda name: seconds[name])
    words = sorted((TABLE[name].speed for name in ranked), key=SPEEDS.index)
    judged = {}
    for rank, (name, word) in enumerate(zip(ranked, words, strict=True), start=1):
        shift = SPEEDS.index(word) - _index(name)  # negative: faster than the book's word
        others = [other for other in ranked if shift * (_index(other) - _index(name)) > 0]
        ratios = {other: (seconds[other] / seconds[name]) ** (1 if shift < 0 else -1) for other in others}
        worst = max(ratios, key=lambda other: ratios[other], default="")
        judged[name] = Speed(basis, rank, len(ranked), word)
        if worst and ratios[worst] >= CLEAR:
            judged[name] = replace(judged[name], contradicted_by=worst, ratio=ratios[worst])
    return judged


def years(work: str) -> dict[str, int]:
    """The years of a work: `paper` (its first version), and where the book gives one, `mind map` and `table`."""
    of_table = {row.year for row in TABLE.values() if (origin := of(row.backbone)) and origin.name == work}
    dated = {"paper": WORKS[work].paper.year}
    if work in MIND_MAP:
        dated["mind map"] = MIND_MAP[work]
    return dated | ({"table": min(of_table)} if of_table else {})


def misdated() -> dict[str, int]:
    """The works that the mind map dates differently from their papers, with its year."""
    return {work: year for work, year in MIND_MAP.items() if year != WORKS[work].paper.year}


def differences(name: str, speed: Speed | None) -> dict[str, str]:
    """Where a row differs from the facts: `year`, `size` or `speed` -> a sentence.

    Args:
        name: The book's name of the row.
        speed: As `judge` has it; None: no time is known.
    """
    row = TABLE[name]
    sentences = {"year": _year(row), "size": _size(row), "speed": _speed(row, speed)}
    return {kind: sentence for kind, sentence in sentences.items() if sentence}


def _year(row: Row) -> str:
    work = of(row.backbone)
    dated = years(work.name) | {"table": row.year} if work else {}
    if len(set(dated.values())) <= 1:
        return ""
    book = " and ".join(f"{dated[place]} in the {place}" for place in ("table", "mind map") if place in dated)
    impossible = ", so the earlier year cannot be right" if min(dated.values()) < dated["paper"] else ""
    return f"Dated {book}; the first version of the paper is of {dated['paper']}{impossible}."


def _size(row: Row) -> str:
    nearest, spec = size(row), BACKBONES[row.backbone]
    if nearest.backbone != row.backbone:
        own = ", ".join(f"{_million(params)} {what}" for params, what in _counts(spec))
        return f"{row.size} M is {nearest.backbone} {nearest.what}; the book's example loads {spec.name}: {own}."
    if nearest.fits:
        return ""
    more = "more" if nearest.off(row.size) > 0 else "less"
    return (
        f"{row.size} M is {abs(nearest.off(row.size)):.1%} {more} than the nearest count, "
        f"{_million(nearest.counted)} {nearest.what}.".replace("%", " %")
    )


def _speed(row: Row, speed: Speed | None) -> str:
    if speed is None or not speed.contradicted_by:
        return ""
    other = f"{speed.contradicted_by}, called {TABLE[speed.contradicted_by].speed} ({speed.basis})."
    if SPEEDS.index(speed.word) < SPEEDS.index(row.speed):
        return f"Called {row.speed}, but {speed.ratio:.1f} times as fast as {other}"
    return f"Called {row.speed}, but takes {speed.ratio:.1f} times as long as {other}"


def _candidates(spec: Backbone) -> list[Backbone]:
    """The networks of which a size may be meant: the network itself, or any CLIP that OpenAI published."""
    if spec.family != CLIP:
        return [spec]
    return [each for each in BACKBONES.values() if each.weights_folder == spec.weights_folder]


def _counts(spec: Backbone) -> list[tuple[int, str]]:
    if spec.family == CLIP:
        return [(towers.params(spec), "with its text tower"), (spec.params, "without its text tower")]
    top = [(spec.params_top, "with the classifier")] if spec.params_top else []
    return [*top, (spec.params, "without the classifier")]


def _index(name: str) -> int:
    """The position of a row's speed in `SPEEDS`, from fast to slow."""
    return SPEEDS.index(TABLE[name].speed)


def _million(params: int) -> str:
    return f"{params / 1e6:.1f} M"
