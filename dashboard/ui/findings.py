"""What the figures of one run say, and of two beside each other: sentences computed from them, and no bolder."""

import numpy as np
import pandas as pd

from core import metrics
from dashboard.ui import formats

MISJUDGED = 0.02  # calibration errors below this are not worth a warning
UNLIKELY = 0.05  # below this, chance alone is not believed


def stages(stages: list[dict], test_images: int) -> str:
    """What unfreezing brought, from the stages of an outcome; empty where there is one stage only."""
    if len(stages) < 2:
        return ""
    first, last = stages[0], stages[-1]
    points = 100 * (last["accuracy"] - first["accuracy"])
    apart = max(first["accuracy_low"], last["accuracy_low"]) > min(first["accuracy_high"], last["accuracy_high"])
    verdict = "the intervals do not overlap" if apart else f"too close to call on {formats.count(test_images)} images"
    if abs(points) < 0.05:
        return "Fine-tuning changed nothing in the accuracy of the frozen backbone."
    did = "brought" if points > 0 else "cost"
    return f"Fine-tuning {did} {abs(points):.1f} points over the frozen backbone: {verdict}."


def classes(counts: pd.DataFrame) -> str:
    """The best and the worst known class, and what the worst is mostly taken for, from confusion counts."""
    images = counts.to_numpy()
    names = [str(name) for name in counts.columns]
    tested = np.flatnonzero(images.sum(axis=1))
    if len(tested) < 2:
        return ""
    shares = {index: images[index, index] / images[index].sum() for index in tested}
    best, worst = max(shares, key=shares.__getitem__), min(shares, key=shares.__getitem__)
    if shares[worst] == 1:
        return "Every test image of every class is right."
    text = f"Best at **{names[best]}** ({formats.percent(shares[best])}), worst at **{names[worst]}** "
    text += f"({formats.percent(shares[worst])})"
    wrong = images[worst].copy()
    wrong[worst] = 0
    taken = int(wrong.argmax())
    return f"{text}, which it takes for **{names[taken]}** in {wrong[taken]} of {images[worst].sum()} images."


def calibration(bins: tuple[metrics.Bin, ...], error: float) -> str:
    """Whether a run is as often right as it is sure."""
    filled = [part for part in bins if part.images]
    images = sum(part.images for part in filled)
    sure = sum(part.images * part.confidence for part in filled) / images
    right = sum(part.images * part.accuracy.value for part in filled) / images
    text = f"On average it is sure to {formats.percent(sure)} and right in {formats.percent(right)}: "
    if error < MISJUDGED:
        text += "it knows how sure to be."
    elif abs(sure - right) < error / 2:
        text += "too sure in places, too careful in others."
    else:
        text += "it is too sure." if sure > right else "it is more careful than it need be."
    return f"{text} Confidence and accuracy are {100 * error:.1f} points apart (expected calibration error)."


def paired(found: metrics.Paired, first: str, second: str) -> str:
    """McNemar's test in words: which of two runs is better on the same images, or that nobody can tell."""
    images = found.both + found.only_first + found.only_second + found.neither
    differ = found.only_first + found.only_second
    if not differ:
        return f"Both are right and wrong on the same of {formats.count(images, 'image')}."
    text = (
        f"Of {formats.count(images, 'image')} that both were tested on, only **{first}** is right on "
        f"{found.only_first:,}, only **{second}** on {found.only_second:,}. "
    )
    better = first if found.only_first > found.only_second else second
    chance = "in fewer than 1 of 1,000 cases" if found.p_value < 0.001 else f"in {100 * found.p_value:.1f} % of cases"
    if found.p_value < UNLIKELY:
        return f"{text}Were both equally good, chance would split them so unevenly {chance}: **{better}** is better."
    return f"{text}Were both equally good, chance would do that {chance}: nobody can tell which is better."
