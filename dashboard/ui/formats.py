"""The one way to write each kind of number, date and stage."""

import re
from collections.abc import Sequence
from datetime import datetime

from core import quoting
from core.progress import Progress

_ADDRESS = re.compile(r"(https?://[^\s<>\"]*[^\s<>\".,:;!?)\]])")

STAGES = {
    "download": "Downloading",
    "load": "Loading the backbone",
    "compile": "Compiling the network",
    "extract": "Extracting features",
    "train": "Training the head",
    "head": "Training the head alone",
    "finetune": "Fine-tuning",
    "scratch": "Training from scratch",
    "evaluate": "Evaluating",
    "teach": "Asking the teacher",
    "export": "Writing files",
    "measure": "Reading the sizes of images",
    "import": "Importing images",
    "pack": "Packing images",
    "retry": "Waiting to try again",
    "wait": "Waiting for another computation",
    "neighbours": "Finding nearest neighbours",
    "duplicates": "Looking for near-duplicates",
    "map": "Laying out the map",
    "judge": "Judging the map",
    "explain": "Explaining images",
}


def cpu(name: str) -> str:
    """A processor in a narrow column: Intel(R) Xeon(R) Processor @ 2.20GHz -> Intel Xeon."""
    return " ".join(re.sub(r"\((R|TM)\)|\b(Processor|CPU)\b|@.*", "", name).split())


def plain(text: object) -> str:
    """Text from outside, such as the name of a class, a dataset or a file, as Markdown that shows it as it is.

    Every such text in Markdown goes through here.
    """
    return quoting.markdown(" ".join(str(text).split()))


def message(text: str) -> str:
    """An error's words as Markdown: `plain`, but code for what stands in backticks, and links for addresses."""
    parts = re.split(r"(`[^`\n]+`)", text)
    return "".join(part if index % 2 else _linked(part) for index, part in enumerate(parts))


def _linked(text: str) -> str:
    """Text with addresses as links that show the last part: an escaped address could be neither clicked nor copied."""
    parts = _ADDRESS.split(text)
    return "".join(
        f"[{quoting.markdown(part.rstrip('/').split('/')[-1])}](<{part}>)" if index % 2 else quoting.markdown(part)
        for index, part in enumerate(parts)
    )


def short(name: str) -> str:
    """A name of at most 40 characters, for beside or below the bars of a chart."""
    return name if len(name) <= 40 else f"{name[:39]}…"


def times(ratio: float) -> str:
    """A ratio for reading: 1.4 times, 12 times."""
    return f"{ratio:,.{0 if ratio >= 9.95 else 1}f} times"


def percent(fraction: float) -> str:
    """0.8712 -> 87.1 %."""
    return f"{100 * fraction:.1f} %"


def interval(low: float, high: float) -> str:
    """The bounds of a 95 % interval: 84.1 to 89.7 %."""
    return f"{100 * low:.1f} to {100 * high:.1f} %"


def signed(value: float, decimals: int = 2) -> str:
    """A number that may be negative, with a proper minus sign: -0.05 -> −0.05."""
    return f"{value:.{decimals}f}".replace("-", "\u2212")


def points(share: float) -> str:
    """A difference of two shares, in percentage points: -0.027 -> −2.7."""
    return signed(100 * share, 1)


def duration(seconds: float) -> str:
    """A duration for reading: 0.4 s, 12 s, 3 min 20 s, 2 h 5 min."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s" if whole % 60 else f"{whole // 60} min"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def about(seconds: float) -> str:
    """A duration that is only likely: a few seconds, 40 s, 3 min, 2 h 5 min."""
    if seconds < 10:
        return "a few seconds"
    return duration(round(seconds, -1) if seconds < 90 else 60 * round(seconds / 60))


def milliseconds(seconds: float) -> str:
    """A short time: 0.4 ms, 22 ms; from a second on as `duration`."""
    if seconds >= 1:
        return duration(seconds)
    return f"{1000 * seconds:.0f} ms" if seconds >= 0.01 else f"{1000 * seconds:.1f} ms"


def count(number: float, unit: str = "") -> str:
    """12345 -> 12,345; with a unit, 1 image, 2 images."""
    text = f"{number:,.0f}"
    return f"{text} {unit if round(number) == 1 else unit + 's'}" if unit else text


def millions(number: float) -> str:
    """3412345 -> 3.4 M; 15_300_000_000 -> 15.3 G; under a million 341 K, under a thousand as it is."""
    for size, unit in ((1e9, "G"), (1e6, "M"), (1e3, "K")):
        if number >= 0.9995 * size:
            return f"{number / size:.{2 if unit == 'G' and number < 0.995e10 else 0 if unit == 'K' else 1}f} {unit}"
    return f"{number:,.0f}"


def rate(per_second: float, unit: str = "images") -> str:
    """123.4 -> 123 images/s; slow ones keep a decimal."""
    return f"{per_second:,.0f} {unit}/s" if per_second >= 10 else f"{per_second:.1f} {unit}/s"


def moment(when: datetime) -> str:
    """A UTC moment in this machine's local time: 24 Nov 10:22:31."""
    return f"{when.astimezone(datetime.now().astimezone().tzinfo):%d %b %H:%M:%S}"


def stage(moment: Progress) -> str:
    """The stage under way: Extracting features, or Recognising test images once there is a head."""
    if moment.labels:
        return "Recognising test images"
    return STAGES.get(moment.stage, moment.stage.capitalize())


def done(moment: Progress) -> str:
    """How much of the stage is done: 1,200 of 2,500, or 12 of 163 MB; without a total, 1,200 or a dash."""
    if moment.unit == "bytes":
        return f"{moment.done / 1e6:,.0f} of {moment.total / 1e6:,.0f} MB"
    if moment.total:
        return f"{count(moment.done)} of {count(moment.total)}"
    return count(moment.done) if moment.done else "–"


def progress(moment: Progress) -> str:
    """A moment of work in one line: Extracting features · 1,200 of 2,500 · 15 s left."""
    parts = [stage(moment)]
    if moment.total:
        parts.append(done(moment))
    if moment.seconds_left:
        parts.append(f"{duration(moment.seconds_left)} left")
    return " · ".join(parts)


def storage(number: float) -> str:
    """1234567890 -> 1.2 GB; under a gigabyte 345 MB."""
    return f"{number / 1e9:.1f} GB" if number >= 0.95e9 else f"{number / 1e6:.0f} MB"


def learning_rate(value: float) -> str:
    """0.00001 -> 1e-5; 0.001 stays as it is."""
    return f"{value:g}".replace("e-0", "e-")


def within(title: str) -> str:
    """A title as in the middle of a sentence: Fine-tune -> fine-tune; LayerNorm stays as it is."""
    return f"{title[0].lower()}{title[1:]}" if title.partition(" ")[0][1:].islower() else title


def listed(names: Sequence[str]) -> str:
    """Names joined for a sentence: cat, dog and bird."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
