"""What is said of runs on corrupted images, from planted accuracies."""

from core.data.corruptions import CORRUPTIONS
from core.evaluation.robustness import Robustness
from core.metrics import Interval
from dashboard.robustness import curves
from dashboard.ui.colours import FAMILY_COLOURS


def _result(clean: float = 0.9, n_test: int = 500, **accuracies: float) -> Robustness:
    means = dict.fromkeys(CORRUPTIONS, 0.8) | accuracies
    return Robustness(clean, {name: [mean] * 5 for name, mean in means.items()}, Interval(0.1, 0.05, 0.15), n_test, "")


def test_the_answer_names_the_costliest_corruption_and_the_average():
    text = curves.answer({"Net, linear": _result(blur=0.5)})
    assert text.startswith("**Blur** costs **Net, linear** most: 40.0 points of its 90.0 % on the original images.")
    assert "10.0 points on average (95 % interval 5.0 to 15.0, 500 test images)" in text


def test_corruptions_that_cost_about_as_much_are_too_close_to_call():
    text = curves.answer({"Net": _result(blur=0.50, jpeg=0.52)})
    assert text.startswith("**Blur and JPEG** cost **Net** most, too close to call among them: 38.0 to 40.0 points")


def test_few_images_show_neither_a_costliest_corruption_nor_a_cost():
    means = dict.fromkeys(CORRUPTIONS, [0.55] * 5) | {"blur": [0.4] * 5}
    doubtful = Robustness(0.5, means, Interval(-0.02, -0.12, 0.08), 20, "")
    text = curves.answer({"Net": doubtful})
    assert text.startswith("Which corruption costs **Net** most is too close to call: \u22125.0 to 10.0 points of its")
    assert "Whether they cost it accuracy at all is too close to call: \u22122.0 points on average" in text
    assert "(95 % interval \u221212.0 to 8.0, 20 test images)" in text


def test_of_two_runs_the_better_one_is_named_only_if_the_difference_is_clear():
    poor = dict.fromkeys(CORRUPTIONS, 0.5)
    clear = curves.answer({"Poor": _result(**poor), "Good": _result()})
    assert "On average over the corruptions: Good is 30.0 points better than Poor" in clear
    close = curves.answer({"A": _result(blur=0.78), "B": _result()})
    assert "too close to call: 95 % interval" in close
    assert "better" not in close


def test_runs_have_the_colour_of_their_family():
    figure = curves.curves({"a": _result(), "b": _result()}, ["VGG16", "VGG16"])
    first, second = figure.data[0].line, figure.data[6].line
    assert first.color == second.color == FAMILY_COLOURS["VGG"]
    assert first.dash != second.dash
