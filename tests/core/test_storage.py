"""Storage: whole files or none, results that everybody may read, and digests that never change."""

import json
import os
import stat
import threading

import pytest

from core import embeddings, features, hardware, maps, storage
from core.data import datasets
from core.embeddings import Source
from core.errors import Stopped
from core.evaluation import few_shot, layer_probes
from core.features import throughput
from core.maps import MapConfig

TINY = Source(backbone="Tiny", weights="untrained", input_size=8, images="test", n_images=20)


def test_a_replaced_file_is_the_old_one_or_the_new_one(tmp_path):
    path = tmp_path / "folder" / "file"
    with storage.replaced(path) as new:
        new.write_text("first")
        assert not path.exists()
    with storage.replaced(path) as new:
        new.write_text("second")
        assert path.read_text() == "first"
    assert path.read_text() == "second"
    assert list(path.parent.iterdir()) == [path]


def test_an_error_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "file"
    path.write_text("old")
    with pytest.raises(ZeroDivisionError), storage.replaced(path) as new:
        new.write_text("half")
        raise ZeroDivisionError
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_result_is_found_under_its_key_and_a_damaged_one_is_none(home, caplog):
    assert storage.find("colours", "abc", list) is None
    storage.keep("colours", "abc", [1, 2])
    assert storage.find("colours", "abc", list) == [1, 2]
    (home / "colours" / "abc.json").write_text("[1,")
    assert storage.find("colours", "abc", list) is None
    assert "abc.json cannot be read" in caplog.text


@pytest.mark.skipif(os.name == "nt", reason="Windows has other permissions")
def test_results_may_be_read_by_everybody_who_may_read_other_files(home):
    usual = os.umask(0o022)
    try:
        storage.keep("few_shot", "abc", {})
        throughput.record("Tiny", 8, 100.0, "a machine")
    finally:
        os.umask(usual)
    modes = {stat.S_IMODE(path.stat().st_mode) for path in (home / "few_shot" / "abc.json", home / "speeds.json")}
    assert modes == {0o644}


def test_a_lock_is_waited_for_and_the_wait_can_be_stopped(tmp_path):
    path, held, done = tmp_path / "lock", threading.Event(), threading.Event()

    def hold() -> None:
        with storage.locked(path):
            held.set()
            done.wait(20)

    def stop(progress) -> None:
        assert (progress.stage, progress.total) == ("wait", 3)
        raise Stopped

    holder = threading.Thread(target=hold)
    holder.start()
    assert held.wait(20)
    with pytest.raises(Stopped), storage.locked(path, stop, total=3):
        pass
    done.set()
    holder.join()
    with storage.locked(path, stop):
        pass


# Names that a home folder of an earlier version has: whatever gives others loses its features, maps and results.


def test_digests_are_those_of_earlier_versions():
    assert storage.digest([1, "a"]) == "4a72386a027702c1"
    assert datasets.load("cifar10-sample").fingerprint == "fd75bf1c68493b5d"
    key = features.Key("Tiny", "untrained-Tiny-seed0", "fd75bf1c68493b5d", 8, "inside", "avg", "float32")
    assert key.digest == "c7d44a2e4bba34f5"


@pytest.mark.skipif(bool(hardware.describe()["gpu"]), reason="on a GPU features have another precision")
@pytest.mark.parametrize(
    ("source", "vectors", "umap", "tsne", "pca"),
    [
        (TINY, "4769ff339ea22771", "f6d048c60c982187", "18039bd821949c99", "0f7a8aaf8bd447cb"),
        (
            Source(backbone="Tiny", weights="untrained"),
            "b880830c07c7d562",
            "cf898a8c4833b279",
            "0387ec1ae07415d8",
            "aff27bbb9adfb1d4",
        ),
        (
            Source(**vars(TINY) | {"preprocessing": "divide255", "pooling": "max"}),
            "ef5c0de58a196d42",
            "74389fea50dd06de",
            "8623015529a2750a",
            "374b82b5c4bb6f87",
        ),
        (
            Source(**vars(TINY) | {"layer": "block2"}),
            "09e3217dab73f043",
            "72f15e368f6adddb",
            "cca9a6f2e3e63945",
            "836251230dda499e",
        ),
        (
            Source(backbone="TinyCLIP", images="val"),
            "998191dccfff1b65",
            "562231ca0e12a4a2",
            "28f4fad2f8a74eb1",
            "077b5c2ca978a82c",
        ),
        (Source(), "254bf99ba10b2448", "eb56f20869f7a2fa", "cb583c5c54929179", "6ea6bba1565c5695"),
    ],
    ids=["tiny", "defaults", "other preprocessing and pooling", "layer", "CLIP", "shipped weights"],
)
def test_vectors_and_maps_have_the_digests_of_earlier_versions(source, vectors, umap, tsne, pca):
    assert embeddings.digest(source) == vectors
    assert maps.key(MapConfig(source)) == umap
    assert maps.key(MapConfig(source, method="tsne", seed=3)) == tsne
    assert maps.key(MapConfig(source, method="pca", dims=3)) == pca


@pytest.mark.skipif(bool(hardware.describe()["gpu"]), reason="on a GPU features have another precision")
def test_results_of_earlier_versions_are_found(home):
    source = Source(**vars(TINY) | {"n_images": 0})
    point = {"shots": 1, "images": 10, "accuracies": [0.5], "strengths": [1.0]}
    curve = {"points": [point], "classes": 10, "n_test": 500, "seeds": 5, "complete": False, "seconds": 1.0}
    _write(home / "few_shot" / "087755cfe8ce42f2.json", curve | {"hardware": "a machine"})
    assert few_shot.find(source).points[0].accuracies == (0.5,)
    probes = {"probes": [], "n_train": 90, "n_val": 20, "n_test": 500, "hardware": "a machine"}
    _write(home / "layer_probes" / "4646b2e520079e27.json", probes)
    assert layer_probes.find(source, n_train=90).n_val == 20
    assert layer_probes.find(source, n_train=0) is None


def _write(path, value) -> None:
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(value, indent=1))
