"""Explanations are judged on real images of a run, and maps of known quality get the verdict they deserve."""

import numpy as np
import pytest

from core import runs
from core.config import RunConfig
from core.errors import Stopped
from core.execute import perform
from core.explain import attribution, faithfulness, gradients
from core.training import model as assembly
from tests.core.backbones.hub.folder import shrink
from tests.core.explain.test_gradcam import by_colour

pytestmark = pytest.mark.slow

METHOD = "occlusion"


@pytest.fixture
def run_id(store):
    run_id = runs.create(RunConfig(backbone="Tiny", n_train=100, n_test=30))
    assert perform(run_id) == "finished"
    return run_id


def test_every_method_is_judged_once_and_the_result_is_kept(run_id, monkeypatch):
    monkeypatch.setattr(faithfulness, "IMAGES", 3)
    assert faithfulness.find(runs.get(run_id)) is None
    results = faithfulness.measure(run_id)
    assert [each.method for each in results] == list(attribution.METHODS)
    assert [each.method for each in results if each.error] == ["rollout", "gradient-rollout"]  # there is no attention
    for each in results[:-2]:
        assert len(each.deletion) == len(each.insertion) == faithfulness.STEPS + 1
        assert each.deletion[0] == pytest.approx(each.insertion[-1], abs=0.01)  # the whole image
        assert each.deletion[-1] == pytest.approx(each.insertion[0], abs=0.01)  # the empty one
        assert each.gain.low <= each.gain.value <= each.gain.high
        assert len(each.gains) == 3 and each.gain.value == pytest.approx(np.mean(each.gains))
        assert -1 <= each.similarity.value <= 1
    stored = faithfulness.find(runs.get(run_id))
    assert stored and stored[:-2] == results[:-2] and stored[-1].error == results[-1].error
    monkeypatch.setattr(faithfulness.models, "load", lambda run_id: 1 / 0)
    assert faithfulness.measure(run_id)[:-2] == results[:-2]


def test_it_can_be_stopped(run_id):
    def stop(progress):
        if progress.done == 2:
            raise Stopped

    with pytest.raises(Stopped):
        faithfulness.measure(run_id, stop)
    assert faithfulness.find(runs.get(run_id)) is None


@pytest.mark.parametrize(("sign", "good"), [(1, True), (-1, False)], ids=["right", "upside down"])
def test_a_map_is_judged_by_whether_it_points_at_evidence(run_id, monkeypatch, sign, good):
    monkeypatch.setattr(faithfulness, "IMAGES", 12)
    honest = attribution.of_model
    monkeypatch.setattr(attribution, "METHODS", {METHOD: attribution.METHODS[METHOD]})
    monkeypatch.setattr(attribution, "of_model", lambda *asked: sign * honest(*asked))
    (result,) = faithfulness.measure(run_id)
    assert result.points_at_evidence == good


def test_a_map_that_does_not_look_at_the_network_is_found_out(run_id, monkeypatch):
    monkeypatch.setattr(faithfulness, "IMAGES", 3)
    monkeypatch.setattr(attribution, "of_model", lambda model, method, image, _: image.mean(axis=-1, dtype=np.float32))
    assert not any(each.depends_on_weights for each in faithfulness.measure(run_id))


def test_a_network_with_layers_of_this_program_is_shuffled_like_any_other(monkeypatch):
    shrink("SwinTiny", monkeypatch)
    config = RunConfig(backbone="SwinTiny", method="finetune", weights="untrained", input_size=32)
    model = assembly.assemble(config, image_size=32, classes=3).model
    assert gradients.shuffled(model).count_params() == model.count_params()


def test_shuffled_weights_are_the_same_values_in_other_places():
    model = by_colour(nested=True)
    before = model.get_weights()
    other = gradients.shuffled(model)
    for own, theirs in zip(before, other.get_weights(), strict=True):
        assert sorted(own.ravel()) == sorted(theirs.ravel())
    assert any((own != theirs).any() for own, theirs in zip(before, other.get_weights(), strict=True))
    assert all((own == kept).all() for own, kept in zip(before, model.get_weights(), strict=True))
