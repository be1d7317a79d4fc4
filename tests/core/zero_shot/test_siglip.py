"""SigLIP 2 zero-shot, on a small one of random tensors: a sigmoid for each class, from the run to its model."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core import execute, metrics, runs
from core.backbones.siglip.towers import SHAPES
from core.config import RunConfig
from core.data import datasets
from core.explain import predict
from core.runs import models
from core.zero_shot.encoder import TextEncoder
from tests.core.backbones.siglip.folder import NAME, SMALL, shrink, vocabulary, written

pytestmark = pytest.mark.slow


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    shrink(monkeypatch)
    written(tmp_path / "folder")
    vocabulary(tmp_path / "folder")
    return str(tmp_path / "folder")


def test_a_run_judges_each_class_by_itself_and_so_does_its_model(store, folder):
    run_id = runs.create(RunConfig(backbone=NAME, weights=folder, method="zero-shot", n_test=100))
    assert execute.perform(run_id) == "finished", runs.get(run_id).error
    predictions = runs.predictions(run_id)
    p = predictions.filter(regex=r"^p_\d+$").to_numpy()
    assert not metrics.exclusive(p)
    assert ((p > 0) & (p < 1)).all()
    assert (predictions["prediction"] == p.argmax(axis=1)).all()
    assert runs.head(run_id).activation == "sigmoid"
    pixels = datasets.load("cifar10-sample").images[predictions["row"].to_numpy()]
    np.testing.assert_allclose(models.load(run_id).predict(pixels, verbose=0), p, atol=2e-3)
    assert not predict.glance(run_id, pixels[0]).exclusive


def test_texts_are_embedded_as_alone_whatever_their_case_and_company(folder):
    text = TextEncoder(NAME, folder)
    alone, among = text.embed(["a cat"]), text.embed(["a dog", "A Cat", "cat " * 100])
    np.testing.assert_allclose(among[1], alone[0], atol=1e-5)
    assert text.truncated(["a cat", "cat " * 100]) == ("cat " * 100,)
    assert np.abs(among[0] - alone[0]).max() > 0.01


def test_an_untrained_one_works_for_timing(monkeypatch):
    shrink(monkeypatch)
    monkeypatch.setitem(SHAPES, NAME, replace(SMALL, vocabulary=768))  # the words of the toy
    text = TextEncoder(NAME, "untrained")
    assert text.embed(["a cat", "a dog"]).shape == (2, 12)
    assert text.scaling == (10.0, -10.0)
