"""Whether models agree on a photo: a sentence, and the models that disagree with the majority."""

from collections import Counter
from collections.abc import Mapping, Sequence
from math import floor, isnan, nan

import streamlit as st

from core.explain.novelty import UNUSUAL
from core.explain.predict import Answer
from dashboard.ui import formats
from dashboard.ui.photo_picker import Photo

SHARED = "The percentages share out 100 % among the classes a model knows, however little a photo resembles them."
BY_ITSELF = "Each class is judged by itself: where all percentages are small, perhaps none of these."


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


def warn_of_strangers(
    photo: Photo, answers: Sequence[Answer], classes: Sequence[str], titles: Mapping[str, str]
) -> None:
    """Say that a photo shows none of the classes, or may, and whether the percentages can tell.

    Args:
        classes: The models' classes; empty for ImageNet's thousand, where nothing is said.
        titles: What each model is called.
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
    sentence += _percentages(answers, titles)
    if not isnan(far):
        sentence += (
            f" Distances can tell: {floor(100 * far)} % of validation images are closer to the training images than "
            "this photo"
        )
        sentence += "." if far >= UNUSUAL else f"; it would count as unusual from {round(100 * UNUSUAL)} % on."
    st.caption(sentence)


def _percentages(answers: Sequence[Answer], titles: Mapping[str, str]) -> str:
    """What the percentages mean: of all models at once if they are of one kind."""
    kinds: dict[str, list[str]] = {SHARED: [], BY_ITSELF: []}
    for answer in answers:
        kinds[SHARED if answer.exclusive else BY_ITSELF].append(formats.plain(titles[answer.model]))
    named = {text: formats.listed(names) for text, names in kinds.items() if names}
    return " ".join(f"**{names}**: {text}" for text, names in named.items()) if len(named) > 1 else "".join(named)
