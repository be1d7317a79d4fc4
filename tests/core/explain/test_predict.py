"""One photo, any model: a probe answers as its stored predictions say, and so does a fine-tune."""

from dataclasses import replace

import numpy as np
import pytest

from core import execute, runs
from core.config import RunConfig
from core.data import datasets
from core.errors import LabError, RunError
from core.explain import attribution, predict

TINY = RunConfig(backbone="Tiny", n_train=100, n_test=50)

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("changes", [{}, {"method": "knn"}, {"method": "finetune", "epochs": 1, "batch_size": 16}])
def test_a_run_says_of_its_test_images_what_it_said_when_it_was_tested(store, changes):
    run_id = runs.create(replace(TINY, **changes))
    execute.perform(run_id)
    assert runs.get(run_id).error is None
    dataset = datasets.load(TINY.dataset)
    for _, row in runs.predictions(run_id).head(3).iterrows():
        answer = predict.answer(run_id, dataset.images[int(row["row"])])
        assert answer.class_names[0] == dataset.class_names[int(row["prediction"])]
        assert answer.probabilities[0] == pytest.approx(row["confidence"], abs=1e-3)
        assert list(answer.probabilities) == sorted(answer.probabilities, reverse=True)
        assert (answer.seen, answer.input_size) == (32, 32)
        assert answer.exclusive
        (glance,) = predict.glances([run_id], dataset.images[int(row["row"])])
        assert (glance.class_names, glance.probabilities) == (answer.class_names, answer.probabilities)


def test_a_photo_is_explained_as_the_test_image_it_is(store):
    run_id = runs.create(TINY)
    execute.perform(run_id)
    row = runs.predictions(run_id).iloc[0]
    image = datasets.load(TINY.dataset).images[int(row["row"])]
    seen, heat = predict.explain(run_id, "occlusion", image)
    assert (seen == image).all()
    assert (heat == attribution.explain(run_id, "occlusion", image, int(row["prediction"]))).all()


def test_an_imagenet_classifier_is_explained_on_the_square_in_the_middle(store):
    photo = np.random.default_rng(0).integers(0, 256, (300, 400, 3)).astype(np.uint8)
    seen, heat = predict.explain("imagenet:EfficientNetLite0", "grad-cam", photo)
    assert seen.shape == (224, 224, 3) and heat.shape == (7, 7)
    assert heat.max() == 1


def test_imagenet_is_asked_by_name_and_sees_the_square_in_the_middle(store):
    photo = np.random.default_rng(0).integers(0, 256, (300, 400, 3)).astype(np.uint8)
    wide, middle = (predict.answer("imagenet:EfficientNetLite0", part) for part in (photo, photo[:, 50:350]))
    assert wide.class_names == middle.class_names
    assert wide.seen == 224
    assert wide.seconds > 0


def test_a_run_without_a_result_and_an_unknown_model_say_so(store):
    photo = np.zeros((32, 32, 3), np.uint8)
    with pytest.raises(RunError, match="has no model yet"):
        predict.answer(runs.create(TINY), photo)
    with pytest.raises(LabError, match="nonsense"):
        predict.answer("imagenet:nonsense", photo)
