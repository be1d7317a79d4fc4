"""Whether models agree on a photo: a sentence, and the models that disagree with the majority."""

from collections import Counter
from collections.abc import Sequence
from math import floor, isnan, nan

import streamlit as st

from core.explain.novelty import UNUSUAL
from core.explain.predict import Answer
from dashboard.ui import formats
from dashboard.ui.photo_picker import Photo


def sentence(answers: Sequence[Answer], classes: Sequence[str] = ()) -> str:
    """Whether models of the same classes agree; empty for fewer than two.

    Args:
        classes: The models' classes; empty for ImageNet's thousand.
    """
    if len(answers) < 2:
        return ""
    class_list = "ImageNet's 1,000 classes"
    if classes:
        named = [formats.plain(name) for name in classes]
        class_list = formats.listed([*named[:2], f"{len(named) - 2} more"] if len(named) > 4 else named)
    votes = Counter(formats.plain(answer.class_names[0]) for answer in answers)
    (winner, most), *others = votes.most_common()
    if not others:
        verdict = f"all say **{winner}**"
    elif most > others[0][1]:
        rest = "the other" if most == len(answers) - 1 else "the others"
        verdict = f"{most} say **{winner}**, {rest} {formats.listed([name for name, _ in others])}"
    else:
        verdict = f"they disagree: {formats.listed([name for name, _ in votes.most_common()])}"
    return f"{len(answers)} models for {class_list}: {verdict}."


def alone(answer: Answer, answers: Sequence[Answer]) -> bool:
    """Whether the majority of the models of the same classes agrees on another class."""
    votes = Counter(other.class_names[0] for other in answers)
    winner, most = votes.most_common(1)[0]
    return answer.class_names[0] != winner and most > len(answers) / 2


def warn_of_strangers(photo: Photo, answers: Sequence[Answer], classes: Sequence[str]) -> None:
    """Say that a photo shows none of the classes, or may, and that the percentages cannot tell.

    Args:
        classes: The models' classes; empty for ImageNet's thousand, where nothing is said.
    """
    if not classes or photo.shows in classes:
        return
    far = max((answer.share_nearer for answer in answers if not isnan(answer.share_nearer)), default=nan)
    if photo.shows:
        sentence = f"**A {photo.shows} is none of these {len(classes)} classes.** "
    elif far >= UNUSUAL:
        sentence = "**This photo probably shows none of these classes.** "
    else:
        sentence = ""
    sentence += "A softmax shares out 100 % among the classes it knows, however little a photo resembles them."
    if not isnan(far):
        sentence += f" Distances can tell: {floor(100 * far)} % of validation images are closer to the training images"
        sentence += "." if far >= UNUSUAL else f"; for a photo of another class, {round(100 * UNUSUAL)} % or more are."
    st.caption(sentence)
