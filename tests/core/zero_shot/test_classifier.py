"""Zero-shot scoring: planted directions, real ViT-B/32 embeddings where they are, and the toy as a run."""

from pathlib import Path

import numpy as np
import pytest

from core import execute, heads, metrics, neighbours
from core.config import RunConfig
from core.errors import ConfigError
from core.heads import Scaling
from core.zero_shot import classifier

REAL = Path(__file__).parents[4] / "shared" / "clip" / "clip_vit_b32_embeddings.npz"  # beside the repository
TOY = {"backbone": "ToyCLIP", "method": "zero-shot"}


@pytest.fixture
def real() -> dict[str, np.ndarray]:
    if not REAL.exists():
        pytest.skip("Embeddings of a real CLIP are not on this machine")
    with np.load(REAL) as file:
        return dict(file)


def test_the_head_is_the_mean_of_directions_and_not_of_vectors():
    texts = np.array([[[100, 0], [0, 1]]], np.float32)  # one class, a long and a short prompt at right angles
    assert classifier.head(texts)[0] == pytest.approx([np.sqrt(0.5)] * 2)


def test_lengths_of_images_and_texts_make_no_difference():
    rng = np.random.default_rng(0)
    images, texts = rng.normal(size=(5, 4)), rng.normal(size=(3, 4))
    assert classifier.cosines(7 * images, texts / 9) == pytest.approx(classifier.cosines(images, texts))


def test_probabilities_are_a_softmax_of_scaled_cosines_and_surer_with_a_larger_scale():
    similarity = np.array([[0.3, 0.2]])
    expected = 1 / (1 + np.exp(-0.1 * 50))
    assert classifier.probabilities(similarity, Scaling(50))[0, 0] == pytest.approx(expected)
    assert classifier.probabilities(similarity, Scaling(100))[0, 0] > expected


@pytest.mark.parametrize("scale", [0, -1, np.nan, np.inf])
def test_a_scale_that_is_none_is_refused(scale):
    with pytest.raises(ConfigError, match="logit scale"):
        classifier.probabilities(np.zeros((1, 2)), Scaling(scale))


def test_the_best_calibrated_scale_is_the_one_the_labels_were_drawn_with():
    rng = np.random.default_rng(0)
    similarity = rng.uniform(0, 0.3, size=(20_000, 3)).astype(np.float32)
    shares = classifier.probabilities(similarity, Scaling(20))
    labels = (rng.random((len(shares), 1)) > shares.cumsum(axis=1)).sum(axis=1)
    assert classifier.best_scale(labels, similarity, np.array([1, 5, 20, 100])) == 20


def test_the_nearest_images_come_most_similar_first():
    images = np.array([[0, 1], [1, 0], [1, 1]], np.float32)
    order, similarity = classifier.nearest(images, np.array([1, 0.1], np.float32), 2)
    assert order.tolist() == [1, 2]
    assert similarity[0] > similarity[1]


def test_the_head_that_is_kept_says_what_scoring_says(tmp_path):
    rng = np.random.default_rng(0)
    images, texts = rng.normal(size=(6, 4)).astype(np.float32), neighbours.unit(rng.normal(size=(3, 4)))
    classifier.as_head(texts, Scaling(30)).save(tmp_path / "head.npz")
    kept = heads.load(tmp_path / "head.npz").predict_proba(images)
    assert kept == pytest.approx(classifier.probabilities(classifier.cosines(images, texts), Scaling(30)), abs=1e-5)


def test_real_embeddings_give_the_accuracy_they_must(real):
    texts = classifier.head(real["text"][:, None])
    said = real["text_class"][classifier.cosines(real["image"], texts).argmax(axis=1)]
    right, people = said == real["label"], real["label"] == "person"
    assert (right.sum(), len(right)) == (37, 49)
    assert (right[~people].sum(), (~people).sum()) == (29, 29)


def test_an_ensemble_of_real_embeddings_ignores_their_lengths_and_outdoes_each_blurred_prompt_of_it(real):
    rng, prompts = np.random.default_rng(0), neighbours.unit(real["text"])[:, None]  # (80, 1, 512)
    assert _right(real, prompts * rng.uniform(0.1, 30, (80, 18, 1))) == 37
    blurred = prompts + rng.normal(size=(80, 18, 512)) / np.sqrt(512)
    alone = [_right(real, blurred[:, [place]]) for place in range(18)]
    assert _right(real, blurred) > max(alone) + 10


def _right(real: dict[str, np.ndarray], prompts: np.ndarray) -> int:
    """Photographs named right by an ensemble of prompts (k, t, d)."""
    said = classifier.cosines(real["image"], classifier.head(prompts)).argmax(axis=1)
    return int((real["text_class"][said] == real["label"]).sum())


def test_a_scale_chosen_for_real_embeddings_is_better_calibrated_than_a_scale_of_one(real):
    labels = np.array([real["text_class"].tolist().index(name) for name in real["label"]])
    similarity = classifier.cosines(real["image"], classifier.head(real["text"][:, None]))
    best = classifier.best_scale(labels, similarity, np.geomspace(1, 300, 20))
    errors = [
        metrics.calibration_error(labels, classifier.probabilities(similarity, Scaling(each))) for each in (best, 1.0)
    ]
    assert errors[0] < errors[1]


def test_a_network_without_a_text_tower_cannot_be_told_names():
    with pytest.raises(ConfigError, match="no text tower"):
        RunConfig(backbone="EfficientNetLite0", method="zero-shot")


def test_prompts_of_another_method_are_refused_instead_of_ignored():
    with pytest.raises(ConfigError, match="does not use templates"):
        RunConfig(templates="single")


def test_blank_space_around_prompts_and_names_is_not_stored():
    config = RunConfig(**TOY, templates="single" + " " * 7000, classes=" \n cat\ndog" + "\n" * 7000)
    assert (config.templates, config.classes) == ("single", "cat\ndog")
    assert RunConfig(**TOY, templates=" \n") == RunConfig(**TOY)


@pytest.fixture(scope="module")
def result():
    return execute.execute(RunConfig(**TOY))


def test_a_run_uses_no_labelled_image_and_knows_the_words_it_learned(result):
    outcome = result.outcome
    assert (outcome.n_train, outcome.n_val, outcome.validation_accuracy) == (0, 0, None)
    assert outcome.accuracy_low > 0.3  # guessing: 0.1
    assert "no labelled image" in outcome.protocol


@pytest.mark.slow
def test_names_in_another_order_give_another_answer(result):
    names = "truck ship horse frog dog deer cat bird automobile airplane".replace(" ", "\n")
    swapped = execute.execute(RunConfig(**TOY, classes=names)).outcome
    assert swapped.accuracy < 0.5 * result.outcome.accuracy


def test_a_name_too_few_is_told_before_anything_is_computed():
    with pytest.raises(ConfigError, match="There are 2 class names"):
        execute.execute(RunConfig(**TOY, classes="cat\ndog"))
