"""Few-shot curves: planted classes, what is kept, where a line is crossed."""

import json

import numpy as np
import pytest

from core import settings
from core.bench import clip
from core.data import datasets
from core.embeddings import Source
from core.errors import ConfigError, Stopped
from core.evaluation import few_shot
from core.evaluation.few_shot import Curve, Point
from core.features.estimates import Count
from core.metrics import Interval

SOURCE = Source(images="test", backbone="Tiny", weights="untrained", n_images=100)


def blobs(n: int, d: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Three classes far apart."""
    rng = np.random.default_rng(seed)
    centres = 3 * np.random.default_rng(9).standard_normal((3, d))
    y = np.arange(n) % 3
    return (centres[y] + rng.standard_normal((n, d))).astype(np.float32), y


@pytest.mark.slow
def test_what_will_be_computed_is_counted_and_nothing_is_left_afterwards(home):
    before, after = Count("few-shot"), Count("few-shot")
    few_shot.count(SOURCE, seeds=2, into=before)
    few_shot.measure(SOURCE, seeds=2)
    few_shot.count(SOURCE, seeds=2, into=after)
    train = len(datasets.splits(datasets.load(SOURCE.dataset))["train"])
    assert (before.images, after.images) == (100 + train, 0)
    assert after.seconds == 0


def test_few_images_tell_classes_that_lie_apart_and_no_image_tells_noise():
    x, y = blobs(60, 20)
    x_new, y_new = blobs(300, 20, seed=1)
    head, strength = few_shot.fit(x[:12], y[:12], classes=3, shots=4)
    assert np.mean(head.logits(x_new).argmax(1) == y_new) > 0.97
    assert strength in few_shot.STRENGTHS
    noise = np.random.default_rng(2).standard_normal((360, 20)).astype(np.float32)
    head, _ = few_shot.fit(noise[:60], y, classes=3, shots=20)
    assert np.mean(head.logits(noise[60:]).argmax(1) == y_new) < 0.45


def test_one_image_a_class_leaves_nothing_to_choose_by():
    x, y = blobs(3, 20)
    assert few_shot.fit(x, y, classes=3, shots=1)[1] == few_shot.STRENGTHS[0]


def test_fewer_images_are_a_part_of_more_and_every_class_has_its_number():
    labels = np.repeat([0, 1, 2], [5, 30, 40])
    small, large = few_shot.draw(labels, 4, seed=3), few_shot.draw(labels, 16, seed=3)
    assert set(small) < set(large)
    assert np.bincount(labels[small]).tolist() == [4, 4, 4]
    assert np.bincount(labels[large]).tolist() == [5, 16, 16]  # all of a class that has fewer
    assert not np.array_equal(small, few_shot.draw(labels, 4, seed=4))


def test_sizes_double_and_end_with_all_images():
    assert few_shot.shots(np.array([20, 25])) == (1, 2, 4, 8, 25)
    assert few_shot.shots(np.array([1, 1])) == (1,)


def curve(*means: float, spread: float = 0.0) -> Curve:
    points = tuple(
        Point(2**i, 2 * 2**i, (mean - spread, mean, mean + spread), (1.0,) * 3) for i, mean in enumerate(means)
    )
    return Curve(points, 2, 100, 3, True, 1.0, "here")


def test_a_line_is_crossed_between_two_sizes_on_a_log_scale():
    found = few_shot.crossing(curve(0.5, 0.6, 0.8), Interval(0.7, 0.65, 0.75))
    assert found.shots == pytest.approx(2**1.5)
    assert found.low == pytest.approx(2**1.25)
    assert found.high == pytest.approx(2**1.75)
    wider = few_shot.crossing(curve(0.5, 0.6, 0.8, spread=0.02), Interval(0.7, 0.65, 0.75))
    assert wider.low < found.low and wider.high > found.high


def test_a_line_above_the_curve_is_never_reached_and_one_below_at_once():
    assert few_shot.crossing(curve(0.5, 0.6), Interval(0.9, 0.8, 0.95)).shots == float("inf")
    assert few_shot.crossing(curve(0.5, 0.6), Interval(0.3, 0.2, 0.4)).shots == 1


@pytest.mark.slow
def test_a_stopped_curve_keeps_its_sizes_and_goes_on_with_the_others():
    def stop(progress):
        if progress.stage == "train" and progress.done >= 4:
            raise Stopped

    with pytest.raises(Stopped):
        few_shot.measure(SOURCE, seeds=2, report=stop)
    begun = few_shot.find(SOURCE, seeds=2)
    assert not begun.complete and [point.shots for point in begun.points] == [1, 2]
    whole = few_shot.measure(SOURCE, seeds=2)
    assert whole.complete and whole.points[:2] == begun.points and whole == few_shot.find(SOURCE, seeds=2)
    assert len(whole.points[0].accuracies) == 2 and len(whole.points[-1].accuracies) == 1
    assert whole.n_test == 100


@pytest.mark.slow
def test_a_broken_file_is_computed_again():
    few_shot.measure(SOURCE, seeds=1)
    (file,) = settings.folder("few_shot").glob("*.json")
    file.write_text(json.dumps({"points": 3}))
    assert few_shot.find(SOURCE, seeds=1) is None


def test_only_test_images_can_test():
    with pytest.raises(ConfigError, match="test images"):
        few_shot.find(Source(backbone="Tiny", weights="untrained", images="train"))


@pytest.mark.slow
def test_a_sweep_is_measured_from_cached_features_on_all_test_images(store):
    found = clip.few_shot_sweep(dataset="cifar10-sample", backbone="ToyCLIP")
    assert found["test_images"] == 500
    assert found["images_a_class"] == (1, 2, 4, 8, 16, 32, 64, 180)
    assert len(found["seconds_after_each"]) == len(found["accuracies"]) == len(found["images_a_class"])
    assert found["accuracies"][-1] > found["accuracies"][0] > 0.1  # guessing: 0.1
