"""A map is computed once, kept whole or not at all, judged, and takes new images; what cannot be drawn says why."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core import embeddings, maps, settings
from core.data import datasets
from core.embeddings import Source
from core.errors import ConfigError, DatasetError, LabError, MapError, Stopped
from core.maps import MapConfig, store

SOURCE = Source(backbone="Tiny", weights="untrained", input_size=8, images="test", n_images=60)
METHODS = ["pca", *(pytest.param(name, marks=pytest.mark.slow) for name in ("tsne", "umap"))]


def config(method: str, **options) -> MapConfig:
    return MapConfig(**{"source": SOURCE, "method": method, "perplexity": 8, "neighbours": 8} | options)


@pytest.mark.parametrize("dims", [2, 3])
@pytest.mark.parametrize("method", METHODS)
def test_a_map_is_computed_once_and_read_back_whole(method, dims):
    asked = config(method, dims=dims)
    assert maps.find(asked) is None
    made = maps.compute(asked)
    np.testing.assert_array_equal(made.rows, embeddings.rows(SOURCE))
    assert (made.positions.shape, made.positions.dtype) == ((60, dims), np.float32)
    assert np.isfinite(made.positions).all()
    assert 0 < made.quality["trustworthiness"] <= 1
    assert set(made.seconds) == {"extract", "reduce", "map", "judge"}
    for found in (maps.find(asked), maps.read(made.key), maps.compute(asked)):
        np.testing.assert_array_equal(found.positions, made.positions)
        np.testing.assert_array_equal(found.rows, made.rows)
        assert (found.config, found.quality, found.created) == (asked, made.quality, made.created)
    np.testing.assert_array_equal(np.load(maps.positions_path(made.key)), made.positions)


@pytest.mark.parametrize("method", METHODS)
def test_an_image_of_the_map_is_placed_where_it_is(method):
    made = maps.compute(config(method))
    values = embeddings.values(SOURCE).values
    placed = maps.place(made.key, values[:10])
    assert (placed.shape, placed.dtype) == ((10, 2), np.float32)
    away = np.linalg.norm(placed - made.positions[:10], axis=1)
    others = np.linalg.norm(made.positions[:, None] - made.positions[None], axis=2)
    assert np.median(away) < np.median(others) / 4


def test_pca_is_exact_and_says_what_it_explains():
    made = maps.compute(config("pca"))
    values = embeddings.values(SOURCE).values
    np.testing.assert_allclose(maps.place(made.key, values), made.positions, atol=1e-5)
    variances = made.positions.var(axis=0)
    whole = values.var(axis=0).sum()
    np.testing.assert_allclose(made.explained[:2], variances / whole, rtol=1e-3)
    assert list(made.explained) == sorted(made.explained, reverse=True)


@pytest.mark.slow
@pytest.mark.parametrize("method", METHODS)
def test_a_map_laid_on_another_is_near_it_and_places_there_too(method):
    below = maps.compute(config(method))
    alone = maps.compute(config(method, metric="cosine", seed=1))
    made = maps.compute(config(method, metric="cosine", start=below.key))
    assert made.key != alone.key
    assert any("aligned" in note for note in made.notes)
    others = np.linalg.norm(made.positions[:, None] - made.positions[None], axis=2)
    away, unlaid = (np.linalg.norm(one.positions - below.positions, axis=1).mean() for one in (made, alone))
    assert away <= 0.8 * unlaid + 1e-5  # threads of UMAP meet in another order each time: no closer bound holds always
    placed = maps.place(made.key, embeddings.values(SOURCE).values[:10])
    assert np.median(np.linalg.norm(placed - made.positions[:10], axis=1)) < np.median(others) / 4


def test_vectors_that_are_not_cut_are_read_again_to_place():
    made = maps.compute(config("tsne", components=0))
    assert "points" not in store.model(made.key)
    assert maps.place(made.key, embeddings.values(SOURCE).values[:2]).shape == (2, 2)


@pytest.mark.parametrize(
    ("method", "matters", "other"),
    [
        ("pca", {"dims": 3}, {"perplexity": 5, "neighbours": 5, "min_dist": 0.5, "metric": "cosine", "components": 9}),
        ("tsne", {"perplexity": 5}, {"neighbours": 5, "min_dist": 0.5}),
        ("tsne", {"metric": "cosine"}, {}),
        ("umap", {"min_dist": 0.5}, {"perplexity": 5}),
        ("umap", {"neighbours": 5}, {}),
        ("umap", {"seed": 1}, {}),
        ("umap", {"components": 0}, {}),
        ("umap", {"start": "0" * 16}, {}),
    ],
)
def test_a_key_knows_what_matters_to_the_method_and_nothing_else(method, matters, other):
    assert maps.key(config(method)) != maps.key(config(method, **matters))
    assert maps.key(config(method)) == maps.key(config(method, **other))


def test_other_images_make_another_key():
    assert maps.key(config("pca")) != maps.key(config("pca", source=replace(SOURCE, seed=1)))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"method": "som"}, "one of pca, tsne, umap"),
        ({"dims": 4}, "one of 2, 3"),
        ({"metric": "manhattan"}, "euclidean, cosine"),
        ({"perplexity": 0}, "1 to 1000"),
        ({"min_dist": 1.5}, "0 to 0.99"),
        ({"components": 1}, "0 or at least 2"),
        ({"seed": -1}, "seed"),
    ],
)
def test_a_config_that_cannot_be_says_what_can(wrong, said):
    with pytest.raises(ConfigError, match=said):
        MapConfig(SOURCE, **wrong)


@pytest.mark.slow
@pytest.mark.parametrize("stage", ["extract", "map", "judge"])
def test_a_stopped_map_leaves_nothing_half(stage):
    def report(progress):
        if progress.stage == stage:
            raise Stopped()

    asked = config("tsne")
    with pytest.raises(Stopped):
        maps.compute(asked, report)
    assert maps.find(asked) is None
    assert maps.entries() == []
    assert [path for path in settings.folder("maps").iterdir() if path.suffix != ".lock"] == []
    assert maps.compute(asked).key == maps.key(asked)


@pytest.mark.parametrize("file", ["map.json", "rows.npy", "positions.npy"])
def test_a_broken_map_is_none_and_is_computed_again(file, caplog):
    made = maps.compute(config("pca"))
    path = maps.positions_path(made.key).parent / file
    path.write_bytes(path.read_bytes()[:20])
    assert maps.find(config("pca")) is None
    assert "cannot be read" in caplog.text
    np.testing.assert_array_equal(maps.compute(config("pca")).positions, made.positions)


def test_a_map_whose_model_has_gone_is_drawn_again_before_it_takes_new_images():
    made = maps.compute(config("pca"))
    (maps.positions_path(made.key).parent / "model.npz").unlink()
    with pytest.raises(MapError, match="Draw it again"):
        maps.place(made.key, embeddings.values(SOURCE).values[:1])


def test_too_few_images_say_so():
    few = replace(SOURCE, n_images=2)
    with pytest.raises(MapError, match=r"2 vectors .* 2 dimensions"):
        maps.compute(config("pca", source=few))
    with pytest.raises(ConfigError, match=r"25 images.*20"):
        maps.compute(config("tsne", source=replace(SOURCE, n_images=20)))


def test_a_map_of_other_images_is_no_start():
    below = maps.compute(config("pca", source=replace(SOURCE, n_images=50)))
    with pytest.raises(MapError, match="50 images in 2 dimensions"):
        maps.compute(config("pca", start=below.key))
    with pytest.raises(MapError, match="no longer exists"):
        maps.compute(config("pca", start="0" * 16))


def test_a_dataset_that_has_gone_is_named():
    with pytest.raises(DatasetError, match="gone"):
        maps.find(config("pca", source=replace(SOURCE, dataset="gone")))


def test_weights_that_are_not_here_yet_mean_that_there_is_no_map():
    assert maps.find(config("pca", source=Source(backbone="MobileNetV2"))) is None


def test_a_key_is_no_path():
    for key in ("../../etc", "0" * 15, "0" * 15 + "G", ""):
        with pytest.raises(LabError, match="16 hexadecimal digits"):
            maps.read(key)


def test_entries_are_listed_and_cleared():
    made = maps.compute(config("pca"))
    maps.compute(config("pca", dims=3))
    newest, oldest = maps.entries()
    assert (oldest.key, oldest.images, newest.config.dims) == (made.key, 60, 3)
    assert maps.clear() == newest.bytes + oldest.bytes > 1000
    assert maps.entries() == []
    assert maps.read(made.key) is None
    assert maps.positions_path(made.key) is None


def test_what_a_newer_version_wrote_is_no_map():
    made = maps.compute(config("pca"))
    path = maps.positions_path(made.key).parent / "map.json"
    about = json.loads(path.read_text())
    path.write_text(json.dumps(about | {"config": about["config"] | {"colour": "red"}}))
    assert maps.read(made.key) is None


@pytest.mark.slow
def test_finding_a_map_imports_nothing_heavy(home: Path):
    maps.compute(config("pca"))
    program = """
import sys
from core import maps
from core.embeddings import Source
source = Source(backbone="Tiny", weights="untrained", input_size=8, images="test", n_images=60)
assert maps.find(maps.MapConfig(source, method="pca")) is not None
print(*sorted({"tensorflow", "keras", "sklearn", "umap", "openTSNE", "numba", "mlflow", "zarr"} & set(sys.modules)))
"""
    root = Path(__file__).parent.parent.parent.parent
    done = subprocess.run([sys.executable, "-c", program], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_quality_is_of_the_classes_of_the_images():
    made = maps.compute(config("pca"))
    labels = datasets.load("cifar10-sample").labels[made.rows]
    assert made.quality["judged"] == len(labels) == 60
    assert -1 <= made.quality["silhouette_map"] <= 1


def test_few_images_have_as_many_neighbours_as_there_are():
    assert maps.fitting(config("tsne", perplexity=30), 40).perplexity == 13
    assert maps.fitting(config("umap", neighbours=15), 12).neighbours == 12
    for fits in (config("tsne"), config("umap"), config("pca")):
        assert maps.fitting(fits, 60) is fits
    for hopeless in (config("tsne"), config("umap")):
        assert maps.fitting(hopeless, 1) is hopeless
