"""Sources: the right vectors of the right images, told apart by everything that decides about them."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from core import embeddings, features, heads, maps, runs
from core.config import RunConfig
from core.data import datasets
from core.embeddings import Source
from core.errors import BackboneError, ConfigError, LabError, RunError, Stopped, WeightsError
from core.training import model as assembly

TINY = Source(backbone="Tiny", weights="untrained", input_size=8, images="test", n_images=20)


def test_values_are_the_features_of_these_rows_and_missing_counts_what_is_not_cached():
    assert embeddings.missing(TINY) == 20
    found = embeddings.values(TINY)
    np.testing.assert_array_equal(found.rows, embeddings.rows(TINY))
    assert found.values.shape == (20, 16)
    assert embeddings.missing(TINY) == 0
    assert embeddings.values(TINY).cached
    assert 0 < embeddings.missing(replace(TINY, n_images=30)) <= 10  # fewer images are a part of more


@pytest.mark.parametrize(
    "other",
    [
        {"images": "val"},
        {"n_images": 30},
        {"input_size": 16},
        {"preprocessing": "divide255"},
        {"pooling": "max"},
        {"backbone": "CustomCNN", "input_size": 16},
    ],
    ids=lambda other: next(iter(other)),
)
def test_whatever_decides_about_the_vectors_makes_another_digest(other):
    assert embeddings.digest(replace(TINY, **other)) != embeddings.digest(TINY)


def test_defaults_that_mean_the_same_have_the_same_digest():
    assert embeddings.digest(replace(TINY, input_size=0)) == embeddings.digest(replace(TINY, input_size=32))


def test_weights_that_are_not_here_are_named_and_never_downloaded_for_a_digest(monkeypatch):
    monkeypatch.setattr("urllib.request.urlopen", lambda *_: pytest.fail("downloads"))
    away = replace(TINY, backbone="VGG16", weights="imagenet", input_size=32)
    assert embeddings.missing(away) == 20
    with pytest.raises(WeightsError, match="VGG16 are not on this machine"):
        embeddings.digest(away)


def test_a_stop_is_heard_and_what_was_computed_stays():
    def stop(progress):
        if progress.done:
            raise Stopped

    with pytest.raises(Stopped):
        embeddings.values(TINY, stop)
    assert embeddings.missing(TINY) < 20
    assert len(features.entries()) == 1


# Of runs


@pytest.fixture
def run(store, tmp_path):
    """A function that finishes a run of Tiny; a network's weights are then random and not those it started from."""

    def finish(method: str, **settings) -> str:
        config = RunConfig(backbone="Tiny", weights="untrained", input_size=8, method=method, **settings)
        run_id = runs.create(config)
        runs.start(run_id)
        rows = embeddings.rows(TINY)
        labels = datasets.load("cifar10-sample").labels[rows]
        if config.trains:
            model = _trained(config)
            model.save(tmp_path / "model.keras")
            left = {"model": tmp_path / "model.keras"}
        else:
            known = heads.Labelled(embeddings.values(TINY).values, labels)
            left = {"head": heads.fit(method, known, known, classes=10)}
        outcome = runs.Outcome(
            accuracy=0.1,
            accuracy_low=0,
            accuracy_high=0.3,
            top5=None,
            validation_accuracy=0.1,
            calibration_error=0,
            per_class={},
            seconds=dict.fromkeys(runs.STAGES, 1.0),
            images_per_second=None,
            cached=False,
            hardware="",
            versions={},
            protocol="a test",
            weights_origin="untrained",
            n_train=20,
            n_val=20,
            n_test=20,
        )
        said = pd.DataFrame({"row": rows, "label": labels, "prediction": 0, "confidence": 0.1})
        runs.finish(run_id, runs.Result(outcome, said, pd.DataFrame(np.eye(10)), **left))
        return run_id

    return finish


def _trained(config: RunConfig):
    assembled = assembly.assemble(config, image_size=32, classes=10)
    rng = np.random.default_rng(0)
    for layer in assembled.network.layers:
        layer.set_weights([array + rng.normal(0, 0.1, array.shape) for array in layer.get_weights()])
    return assembled.model


@pytest.mark.slow
@pytest.mark.parametrize("settings", [{}, {"head_units": 6}, {"pooling": "max"}], ids=str)
def test_a_fine_tune_gives_its_own_features_and_logits_in_one_pass(run, settings):
    from core.runs import models

    source = replace(TINY, run=run("finetune", **settings))
    assert embeddings.missing(source) == 20
    features_of, logits = embeddings.values(source), embeddings.values(replace(source, what="logits"))
    assert features_of.values.shape == (20, 16)
    assert logits.cached
    before = embeddings.values(embeddings.resolve(source).frozen)
    assert np.abs(before.values - features_of.values).max() > 0.01
    said = models.load(source.run)(datasets.load("cifar10-sample").images[logits.rows], training=False)
    odds = np.exp(logits.values - logits.values.max(1, keepdims=True))
    np.testing.assert_allclose(odds / odds.sum(1, keepdims=True), said, atol=1e-4)


@pytest.mark.slow
def test_a_probe_has_the_features_of_its_backbone_and_logits_of_its_own(run):
    source = replace(TINY, run=run("linear"))
    assert embeddings.digest(source) == embeddings.digest(TINY)
    assert embeddings.values(source).cached
    logits = embeddings.values(replace(source, what="logits")).values
    odds = np.exp(logits - logits.max(1, keepdims=True))
    expected = runs.head(source.run).predict_proba(embeddings.values(TINY).values)
    np.testing.assert_allclose(odds / odds.sum(1, keepdims=True), expected, atol=1e-6)


@pytest.mark.slow
def test_the_fields_of_the_run_win_over_those_of_the_source(run):
    source = replace(TINY, run=run("finetune"))
    assert embeddings.digest(source) == embeddings.digest(
        replace(source, backbone="VGG16", weights="imagenet", input_size=0)
    )
    assert embeddings.digest(source) != embeddings.digest(TINY)
    assert len({embeddings.digest(replace(source, what=what)) for what in embeddings.WHAT}) == 2


@pytest.mark.slow
def test_layers_of_backbone_and_run_come_in_one_pass_each(run):
    shallow, deep = (replace(TINY, layer=block) for block in ("block1", "block2"))
    assert embeddings.values(shallow).values.shape == (20, 8)
    assert embeddings.values(deep).cached
    assert embeddings.values(deep).values.shape == (20, 16)
    last = embeddings.values(replace(TINY, layer="block3"))
    np.testing.assert_allclose(last.values, embeddings.values(TINY).values, atol=1e-5)
    tuned = replace(shallow, run=run("finetune"))
    assert np.abs(embeddings.values(tuned).values - embeddings.values(shallow).values).max() > 0.001
    assert embeddings.resolve(tuned).frozen == shallow
    assert embeddings.digest(shallow) != embeddings.digest(deep)


def test_a_block_that_is_none_is_told_with_those_there_are():
    with pytest.raises(BackboneError, match="block1, block2, block3"):
        embeddings.values(replace(TINY, layer="block9"))


@pytest.mark.parametrize(
    ("wrong", "words"),
    [({"what": "logits"}, "Choose a run"), ({"run": "nothing"}, "no run 'nothing'")],
    ids=["logits of a backbone", "unknown run"],
)
def test_what_a_source_cannot_be_of_is_told(store, wrong, words):
    with pytest.raises(LabError, match=words):
        embeddings.digest(replace(TINY, **wrong))


def test_a_run_that_has_not_finished_has_no_vectors(store):
    run_id = runs.create(RunConfig(backbone="Tiny", weights="untrained", input_size=8))
    with pytest.raises(RunError, match="queued and left no network"):
        embeddings.digest(replace(TINY, run=run_id))


@pytest.mark.slow
def test_only_what_started_from_a_backbone_has_a_before(run):
    with pytest.raises(ConfigError, match="before its training"):
        _ = embeddings.resolve(TINY).frozen
    with pytest.raises(ConfigError, match="before its training"):
        _ = embeddings.resolve(replace(TINY, run=run("scratch"))).frozen


@pytest.mark.slow
def test_a_title_says_what_of_what(run):
    assert embeddings.title(TINY) == "Tiny at 8 px, untrained, features, 20 test images of CIFAR-10 sample"
    source = replace(TINY, run=run("finetune"), layer="block2", images="all", n_images=0)
    assert "fine-tune of" in embeddings.title(source)
    assert embeddings.title(source).endswith("features after block2, 2,500 images of CIFAR-10 sample")
    other = replace(TINY, pooling="max", preprocessing="divide255")
    assert "untrained, pixels divided by 255, max-pooled features, 20 test images" in embeddings.title(other)


@pytest.mark.slow
def test_pictures_that_no_dataset_has_are_looked_at_as_its_images_are(run):
    probe, tuned = replace(TINY, run=run("linear")), replace(TINY, run=run("finetune"))
    pictures = datasets.load("cifar10-sample").images[embeddings.rows(TINY)[:3]]
    logits = [replace(source, what="logits") for source in (probe, tuned)]
    for source in (TINY, tuned, replace(tuned, layer="block2"), *logits):
        np.testing.assert_allclose(
            embeddings.resolve(source).of_pictures(pictures), embeddings.values(source).values[:3], atol=1e-5
        )


@pytest.mark.slow
@pytest.mark.parametrize("method", ["linear", "finetune"])
def test_a_map_looks_up_its_run_once(run, method, monkeypatch):
    source = replace(TINY, run=run(method))
    looked_up, get = [], runs.get

    def counted(run_id: str) -> runs.Run:
        looked_up.append(run_id)
        return get(run_id)

    monkeypatch.setattr(runs, "get", counted)
    maps.compute(maps.MapConfig(source, method="pca"))
    assert looked_up == [source.run]


def test_what_varies_of_a_resolved_source_is_of_the_same_run(run):
    resolved = embeddings.resolve(replace(TINY, run=run("linear")))
    other = resolved.vary(images="val", n_images=10)
    assert other.run is resolved.run
    assert len(other.rows) == 10
    with pytest.raises(ConfigError, match="Logits"):
        resolved.vary(what="logits", layer="block1")
