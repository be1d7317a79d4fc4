"""Whether models agree on a photo: a sentence, and the models that disagree with the majority."""

from collections import Counter
from collections.abc import Sequence

from core.explain.predict import Answer
from dashboard.ui import formats


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
