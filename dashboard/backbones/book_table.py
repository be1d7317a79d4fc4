"""The book's Table 41.1, each claim beside what is counted, cited or measured here; differences are marked."""

from collections.abc import Collection, Mapping

import pandas as pd

from core.backbones.catalog import BACKBONES, CLIP
from core.backbones.clip import towers
from core.curriculum import book
from core.curriculum.lineage import of
from dashboard.ui import formats

INTRODUCTION = "The book is the textbook chapter that the recipes and lessons here follow."
NOTHING = "–"
NO_BREAK = "\N{NO-BREAK SPACE}"


def table(shown: Collection[str], rates: Mapping[str, float]) -> pd.DataFrame:
    """The book's rows in Markdown, with the facts in the column after each claim.

    Args:
        shown: Names of backbones; other rows are left out.
        rates: Backbone -> images per second on this machine.
    """
    judged = book.judge(_of_rows(rates))
    names = [name for name, row in book.TABLE.items() if row.backbone in shown]
    return pd.DataFrame.from_dict({name: _row(name, judged.get(name), rates) for name in names}, orient="index")


def lessons(rates: Mapping[str, float]) -> list[str]:
    """What the comparison shows over all rows, one sentence each."""
    judged = book.judge(_of_rows(rates))
    differences = {name: book.differences(name, judged.get(name)) for name in book.TABLE}
    by_kind = {kind: [n for n, kinds in differences.items() if kind in kinds] for kind in ("year", "size", "speed")}
    top = sum(book.size(row).fits and book.size(row).what == "with the classifier" for row in book.TABLE.values())
    vgg = BACKBONES["VGG16"]
    return [
        f"**{sum(map(bool, differences.values()))} of the book's {len(book.TABLE)} rows differ from the facts**: the "
        f"year of {len(by_kind['year'])}, the size of {len(by_kind['size'])}, the speed of {len(by_kind['speed'])} "
        f"({', '.join(by_kind['speed']) or 'none'}).",
        f"**The size of what?** {top} sizes are those with the ImageNet classifier, which transfer learning removes: "
        f"of {vgg.name}, {formats.millions(vgg.params)} of {formats.millions(vgg.params_top or 0)} remain. "
        f"{differences['OpenAI CLIP']['size']}",
    ]


def claims(backbone: str, rates: Mapping[str, float]) -> list[str]:
    """What the book says about a backbone, and each difference in a sentence; none if it is not in the table."""
    entry = book.row_of(backbone)
    if entry is None:
        return []
    name, row = entry
    summary = f"{row.year}, {row.size} M parameters, {row.speed}. For: {row.strengths}. Against: {row.weaknesses}."
    return [summary, *book.differences(name, book.judge(_of_rows(rates)).get(name)).values()]


def _row(name: str, speed: book.Speed | None, rates: Mapping[str, float]) -> dict[str, str]:
    row = book.TABLE[name]
    spec, differs = BACKBONES[row.backbone], book.differences(name, speed)
    accuracy = spec.top1 or spec.zero_shot
    return {
        "Book: year": _years(row),
        "Paper": str(spec.year),
        "Book: size (M)": _mark(row.size, "size" in differs),
        "Counted (M)": _counted(row),
        "Book: speed": _mark(row.speed, "speed" in differs),
        "Measured or cited": _time(row, speed, rates),
        "Top-1 (%)": f"{accuracy:.1f}" if accuracy else NOTHING,
        "Book: for": row.strengths,
        "Book: against": row.weaknesses,
    }


def _years(row: book.Row) -> str:
    """The year in the table, and that of the mind map if it differs."""
    paper, work = BACKBONES[row.backbone].year, of(row.backbone)
    in_map = book.MIND_MAP.get(work.name, row.year) if work else row.year
    years = [_mark(str(row.year), row.year != paper)]
    if in_map != row.year:
        years.append(_mark(f"map{NO_BREAK}{in_map}", in_map != paper))
    return ", ".join(years)


def _counted(row: book.Row) -> str:
    spec, size = BACKBONES[row.backbone], book.size(row)
    counts = {"with": spec.params_top or 0, "without": spec.params}
    if spec.family == CLIP:
        counts = {size.backbone: size.counted, spec.name: towers.params(spec)}
    return ", ".join(
        f"**{params / 1e6:.1f}** {what}" if size.fits and params == size.counted else f"{params / 1e6:.1f} {what}"
        for what, params in counts.items()
    )


def _time(row: book.Row, speed: book.Speed | None, rates: Mapping[str, float]) -> str:
    measured = formats.rate(rates[row.backbone]) if row.backbone in rates else ""
    if speed is None:
        return measured or NOTHING
    cited = f"{BACKBONES[row.backbone].cpu_ms:,.0f} ms cited"
    deserved = f": {speed.word}" if speed.contradicted_by else ""
    return f"{measured if speed.basis == book.MEASURED else cited}, rank {speed.rank} of {speed.among}{deserved}"


def _mark(claim: str, differs: bool) -> str:
    return f":orange[**≠{NO_BREAK}{claim}**]" if differs else claim


def _of_rows(rates: Mapping[str, float]) -> dict[str, float]:
    return {name: rates[row.backbone] for name, row in book.TABLE.items() if row.backbone in rates}
