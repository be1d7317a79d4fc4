"""What a page says of explanations that were measured: no more than the images can tell."""

from core.explain.faithfulness import Faithfulness
from core.metrics import Interval
from dashboard.run import faithfulness


def measured(method: str, gain: float, similarity: float = 0.1, spread: float = 0.1) -> Faithfulness:
    """Areas of four images, and their mean known to 0.1 either way."""
    gains = (gain + spread, gain - spread, gain + spread, gain - spread)
    interval = Interval(gain, gain - 0.1, gain + 0.1)
    return Faithfulness(method, (1, 0), (0, 1), gains, interval, Interval(similarity, -0.1, 0.9))


def test_methods_too_close_to_call_are_named_together_and_the_clearly_worse_are_not():
    said = faithfulness.sentence(
        (
            measured("grad-cam", 0.12),
            measured("smoothgrad", 0.02),
            measured("occlusion", 0.4, spread=-0.1),
            measured("rollout", 0.5),
        )
    )
    assert said.startswith("**Attention rollout and Occlusion** point best")
    assert "**SmoothGrad** cannot be distinguished from a random order" in said and "Grad-CAM" not in said


def test_a_method_that_is_better_on_each_image_is_best_though_the_intervals_overlap():
    said = faithfulness.sentence((measured("occlusion", 0.4), measured("rollout", 0.45)))
    assert said.startswith("**Attention rollout** points best at what this network uses. ")


def test_what_ignores_the_weights_is_named_even_where_no_method_is_better_than_random():
    said = faithfulness.sentence((measured("occlusion", 0.05), measured("smoothgrad", 0.0, similarity=0.8)))
    assert said.startswith("**No method does better than a random order**, as far as 4 images")
    assert "**SmoothGrad** shows nearly the same" in said
    assert faithfulness.sentence((measured("occlusion", 0.4),)).endswith("they show something else.")
