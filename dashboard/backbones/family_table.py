"""The families side by side, as in a textbook table, but with numbers instead of words such as large, deep or fast."""

import pandas as pd

from core.backbones.catalog import BACKBONES, Backbone
from core.curriculum import verdicts
from core.curriculum.lineage import WORKS
from dashboard.ui import formats

YARDSTICK = "ResNet50"  # times are multiples of its times
NOTHING = "–"


def table() -> pd.DataFrame:
    """One row per family, in Markdown, oldest first; from the catalog."""
    families: dict[str, list[Backbone]] = {}
    for spec in BACKBONES.values():
        if (verdicts.of(spec) and spec.weights_folder) or spec.name == "EfficientNetLite0":
            families.setdefault(spec.family, []).append(spec)
    rows = {
        f"{name} ({len(members)})": _row(members)
        for name, members in sorted(families.items(), key=lambda family: _first(family[1]))
    }
    return pd.DataFrame.from_dict(rows, orient="index")


def lessons() -> list[str]:
    """What the figures show where words would mislead, one sentence each; everything is cited or counted."""
    catalog = list(BACKBONES.values())
    timed = [spec for spec in catalog if spec.cpu_ms is not None and spec.gpu_ms is not None]
    yard, vgg = BACKBONES[YARDSTICK], BACKBONES["VGG16"]
    both = {spec.name: (_slower(spec, "cpu_ms"), _slower(spec, "gpu_ms")) for spec in timed}
    turned = max((name for name, (cpu, gpu) in both.items() if cpu < 1 < gpu), key=lambda name: both[name][1])
    slow = max((spec for spec in timed if spec.params < yard.params), key=lambda spec: spec.gpu_ms or 0)
    deep = max((spec for spec in timed if spec.params < vgg.params), key=lambda spec: spec.depth)
    late = [spec.name for spec in catalog if spec.top1 and _is_late(spec)]
    return [
        f"**Fast where?** {turned} takes {both[turned][0]:.1f} times as long as {YARDSTICK} on the published CPU, but "
        f"{both[turned][1]:.1f} times as long on the published GPU.",
        f"**Small is not fast.** {slow.name} has {slow.params / yard.params:.1f} times the parameters of {YARDSTICK} "
        f"but takes {_slower(slow, 'gpu_ms'):.1f} times as long on the GPU.",
        f"**Deep is not large.** {deep.name} has {deep.depth} layers with weights and {formats.millions(deep.params)} "
        f"parameters, {vgg.name} {vgg.depth} and {formats.millions(vgg.params)}.",
        f"**The size of what?** {vgg.name} has {formats.millions(vgg.params_top or 0)} parameters with its ImageNet "
        f"classifier and {formats.millions(vgg.params)} without. Here all are without, as in transfer learning.",
        "**Which year?** The year of the first version on arXiv; conferences follow up to a year later. "
        f"{', '.join(late)} was released after its paper, and so were LAION's CLIP models.",
    ]


def _row(members: list[Backbone]) -> dict[str, str]:
    timed = [spec for spec in members if spec.cpu_ms is not None]
    top1, zero_shot = ([value for spec in members if (value := getattr(spec, fact))] for fact in ("top1", "zero_shot"))
    accuracy = _range(top1 or zero_shot, "{:.1f}".format) if top1 or zero_shot else NOTHING
    return {
        "Year": _range([spec.year for spec in members], str),
        "Parameters": _range([spec.params for spec in members], formats.millions),
        "Depth": _range([spec.depth for spec in members], str),
        "Input (px)": _range([spec.default_size for spec in members], str),
        "Top-1 (%)": accuracy + ("" if top1 or not zero_shot else ", zero-shot"),
        "CPU": _times(timed, "cpu_ms"),
        "GPU": _times(timed, "gpu_ms"),
        "When to use it": family.use if (family := verdicts.of(members[0])) else NOTHING,
    }


def _times(timed: list[Backbone], device: str) -> str:
    if not timed:
        return NOTHING
    return _range([_slower(spec, device) for spec in timed], "{:.1f}".format)


def _range(values: list, text) -> str:
    low, high = (text(value).replace(" ", "\N{NO-BREAK SPACE}") for value in (min(values), max(values)))
    return low if low == high else f"{low} to {high}"


def _first(members: list[Backbone]) -> float:
    urls = {spec.paper_url for spec in members}
    return min(work.paper.when for work in WORKS.values() if work.paper.url in urls)


def _is_late(spec: Backbone) -> bool:
    """Released in a later year than its paper."""
    return any(work.paper.url == spec.paper_url and spec.year > work.paper.year for work in WORKS.values())


def _slower(spec: Backbone, device: str) -> float:
    """How many times as long as the yardstick; `device`: cpu_ms or gpu_ms."""
    return getattr(spec, device) / getattr(BACKBONES[YARDSTICK], device)
