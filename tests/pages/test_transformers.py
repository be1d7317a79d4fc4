"""Small transformers, one with tokens and one with windows, go through the pages like any other network."""

import pytest

from core import backbones, execute, runs
from core.config import RunConfig
from tests.core.backbones.hub.folder import shrink, written
from tests.pages.conftest import said, wait


@pytest.mark.parametrize(("name", "method"), [("DeiTTiny", "rollout"), ("SwinTiny", "grad-cam")])
def test_its_code_plan_explanation_and_map_are_shown(visit, store, home, monkeypatch, name, method):
    shrink(name, monkeypatch)
    written(home / "weights" / backbones.get(name).weights_file, name)
    probe = runs.create(RunConfig(backbone=name, input_size=32, n_train=60, n_test=40))
    assert execute.perform(probe) == "finished", runs.get(probe).error
    network = {"backbones": name, "input_size": "32"}
    row = str(runs.predictions(probe)["row"].iloc[0])

    page = visit("anatomy", backbone=name, input_size="32", tab="scratch")
    wait(page, lambda: page.code and "Attention" in page.code[0].value)
    page = visit("anatomy", backbone=name, input_size="32", tab="block", part="transformer_block_0")
    assert any("whole image" in table.value.to_string() for table in page.table) == (method == "rollout")
    page = visit("train", **network, method="finetune", n_train="60", n_test="40", layer_decay="0.5")
    wait(page, lambda: "Learning rates: 1e-5 for the head, then from 1e-5 (layer_norm) down to" in said(page))
    page = visit("run", run=probe, view="Images", row=row, explain=method)
    wait(page, lambda: any("vidence for" in image.proto.imgs[0].caption for image in page.main.image))
    page = visit("maps", **network, map="pca", n_images="60")
    page.button(key="draw").click().run()
    wait(page, lambda: page.main.get("bidi_component"))
    assert not page.error
