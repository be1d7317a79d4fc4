"""Backbones: looked up by name, weights found or refused in a readable sentence, networks that give features."""

import csv
import hashlib
import http.server
import os
import shutil
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core import backbones, download, settings, storage
from core.backbones import BACKBONES, Backbone, checkpoints, keras_loader, keras_weights
from core.backbones.tensors import Tensors
from core.data.images import PREPROCESSING
from core.errors import BackboneError, LabError, Stopped, WeightsError
from core.progress import Progress
from tests import modes
from tests.conftest import COMPUTED

REFERENCE = Path(__file__).parent.parent.parent.parent.parent / "shared" / "reference"
IMAGES = np.random.default_rng(0).uniform(0, 255, (4, 32, 32, 3)).astype("float32")


# The table


def test_names_are_the_forty_of_keras_and_the_shipped_one_but_not_the_one_for_tests():
    assert len(backbones.names()) == 41
    assert "EfficientNetLite0" in backbones.names()
    assert "Tiny" not in backbones.names()


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("resnet50", "ResNet50"), ("EficientNetB0", "EfficientNetB0"), ("ConvNextTiny", "ConvNeXtTiny")],
)
def test_unknown_backbone_names_those_that_are_close(typed, meant):
    with pytest.raises(BackboneError, match=meant):
        backbones.get(typed)


def test_facts_are_plausible():
    for spec in BACKBONES.values():
        assert spec.preprocessing in set(PREPROCESSING) - {"divide255"}
        assert bool(spec.pretrained_on) == bool(spec.weights_file)
        assert spec.min_size <= spec.default_size
        assert spec.params_top is None or spec.params_top > spec.params
        assert spec.top1 is None or 60 < spec.top1 < (spec.top5 or 100) < 100.1
        assert spec.source
        if spec.name in backbones.names():
            assert spec.licence
            assert spec.paper_url.startswith("https://arxiv.org/abs/")
            assert 2014 <= spec.year <= 2022
            assert spec.weights_file.endswith(".h5")


def test_published_figures_are_those_of_the_reference_and_its_blanks_are_none():
    path = REFERENCE / "keras_applications.csv"
    if not path.is_file():
        pytest.skip(f"no published figures in {path}")
    with path.open(newline="") as file:
        rows = {row["model"]: row for row in csv.DictReader(file)}
    assert set(rows) == set(backbones.names()) - {"EfficientNetLite0"}
    for name, row in rows.items():
        spec = backbones.get(name)
        published = [row[k] for k in ("top1_pct", "top5_pct", "cpu_ms_per_step_b32", "gpu_ms_per_step_b32")]
        assert [float(cell) if cell else None for cell in published] == [
            spec.top1,
            spec.top5,
            spec.cpu_ms,
            spec.gpu_ms,
        ]
        assert row["preprocess_mode"] == spec.preprocessing
        # the published depth counts the classifier as well: 1 layer, 3 of VGG
        assert not row["depth_param_layers"] or 0 < int(row["depth_param_layers"]) - spec.depth <= 3


# Networks


@pytest.mark.parametrize(("pooling", "dim"), [("avg", 16), ("max", 16), ("flatten", 4 * 4 * 16)])
def test_load_goes_from_images_to_features(pooling, dim):
    features = backbones.load("Tiny", pooling=pooling)(IMAGES)
    assert features.shape == (4, dim)
    assert features.dtype == "float32"


def test_untrained_weights_are_the_same_in_every_call_and_say_what_they_are():
    first, second = (np.asarray(backbones.load("Tiny", weights="untrained")(IMAGES)) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    assert first.std() > 0
    weights = backbones.find_weights("MobileNet", "untrained")
    assert (weights.origin, weights.path) == ("untrained", None)
    assert "MobileNet" in weights.digest


def test_an_input_below_the_minimum_is_refused():
    with pytest.raises(BackboneError, match=r"Xception cannot take images of 70 pixels\. Expected 71 pixels or more"):
        backbones.load("Xception", input_size=70, weights="untrained")


@pytest.mark.slow
def test_the_shipped_network_recognises_photographs():
    from PIL import Image
    from sklearn.datasets import load_sample_image

    from core.backbones import networks

    model = networks.efficientnet_lite0(224, classes=1000)
    keras_weights.read(backbones.find_weights("EfficientNetLite0").path, model, "EfficientNetLite0")
    photographs = [
        np.asarray(Image.fromarray(load_sample_image(name)).crop((140, 33, 500, 393)).resize((224, 224)), "float32")
        for name in ("flower.jpg", "china.jpg")
    ]
    assert np.asarray(model(np.stack(photographs))).argmax(1).tolist() == [985, 698]  # daisy, palace


def test_the_shipped_weights_need_neither_home_folder_nor_network(home):
    weights = backbones.find_weights("EfficientNetLite0")
    assert weights.origin == "imagenet"
    assert weights.path.parent == settings.ASSETS
    assert weights.digest == hashlib.sha256(weights.path.read_bytes()).hexdigest()
    assert sorted(path.name for path in home.iterdir()) == [*COMPUTED]  # as the fixture makes it


# Finding weights


@pytest.fixture
def keras_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    return tmp_path / "keras"


def test_the_home_folder_comes_before_keras_own_and_both_before_a_download(home, keras_home):
    file = backbones.get("VGG16").weights_file
    for folder in (keras_home / "models", home / "weights"):
        folder.mkdir(parents=True)
        (folder / file).write_text(str(folder))
        found = backbones.find_weights("VGG16")
        assert (found.origin, found.path) == ("imagenet", folder / file)


def test_weights_are_found_in_a_folder_under_the_official_name(tmp_path):
    path = tmp_path / backbones.get("VGG16").weights_file
    path.write_text("weights")
    found = backbones.find_weights("VGG16", str(tmp_path))
    assert (found.origin, found.path) == ("file", path)
    assert found == backbones.find_weights("VGG16", path)


def test_a_missing_path_says_what_it_looked_for(tmp_path):
    with pytest.raises(WeightsError, match=r"no weights file .*nothing\.h5.* for VGG16"):
        backbones.find_weights("VGG16", tmp_path / "nothing.h5")


def test_the_file_to_bring_is_named_as_it_is_looked_for(home):
    downloaded = [spec for spec in map(backbones.get, backbones.names()) if spec.weights_url]
    assert len(downloaded) == 40
    for spec in downloaded:
        hint = backbones.download_hint(spec.name).removeprefix(f"put {spec.weights_url} into ")
        folder, _, renamed = hint.partition(" as ")
        assert folder == str(home / "weights")
        assert (renamed or spec.weights_url.split("/")[-1]) == spec.weights_file


def test_how_much_is_downloaded_is_said_before():
    assert 9.0e6 < backbones.download_bytes("MobileNetV2") < 9.5e6  # the file has 9.4 MB
    assert 5.9e8 < backbones.download_bytes("CLIPViTB32") < 6.1e8  # the file has 605 MB
    assert backbones.download_bytes("CustomCNN") == 0


def test_the_digest_is_of_the_content_and_follows_it(tmp_path):
    path, copy = tmp_path / "a.h5", tmp_path / "b.h5"
    path.write_bytes(b"one")
    shutil.copy(path, copy)
    first = backbones.find_weights("Tiny", path).digest
    assert first == backbones.find_weights("Tiny", copy).digest
    path.write_bytes(b"other")
    assert first != backbones.find_weights("Tiny", path).digest


# Downloading, from a server of our own


CONTENT = bytes(range(256)) * 4096  # 1 MiB


class Server(http.server.ThreadingHTTPServer):
    """Sends CONTENT for /weights/net.h5, half of it for /broken/net.h5, and counts requests."""

    requests = 0


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.server.requests += 1
        if self.path not in ("/weights/net.h5", "/broken/net.h5"):
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(CONTENT)))
        self.end_headers()
        self.wfile.write(CONTENT[: len(CONTENT) // (1 if "weights" in self.path else 2)])

    def log_message(self, *_) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def remote(server: Server, keras_home) -> Backbone:
    """A backbone whose official weights are on that server."""
    return replace(
        BACKBONES["Tiny"],
        weights_file="official.h5",
        weights_hash=hashlib.md5(CONTENT).hexdigest(),
        weights_folder=f"http://127.0.0.1:{server.server_port}/weights/",
        remote_file="net.h5",
    )


def test_a_download_reports_its_bytes_and_happens_once(server, remote, home):
    seen: list[Progress] = []
    weights = backbones.find_weights(remote, report=seen.append)
    assert weights.origin == "imagenet"
    assert weights.path == home / "weights" / "official.h5"
    assert weights.path.read_bytes() == CONTENT
    assert (seen[0].done, seen[-1].done, seen[-1].total) == (0, len(CONTENT), len(CONTENT))
    assert {(progress.stage, progress.unit) for progress in seen} == {("download", "bytes")}
    assert backbones.find_weights(remote) == weights
    assert server.requests == 1


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"weights_hash": "0" * 32}, "is damaged"),
        ({"weights_hash": "0" * 64}, "is damaged"),
        ({"remote_file": "elsewhere.h5"}, "Not Found"),
        ({"weights_folder": "http://127.0.0.1:9/"}, "Connection refused"),
        ({"weights_folder": "http://no-such-host.invalid/"}, "cannot be downloaded"),
    ],
)
def test_a_download_that_fails_says_which_file_to_put_where_and_leaves_nothing(remote, home, change, sentence):
    remote = replace(remote, **change)
    with pytest.raises(WeightsError) as caught:
        backbones.find_weights(remote)
    assert sentence in str(caught.value)
    assert str(caught.value).endswith(f": put {remote.weights_url} into {home / 'weights'} as official.h5.")
    assert list((home / "weights").iterdir()) == []


def test_a_connection_that_breaks_leaves_no_half_of_a_file_in_its_place(remote, home, monkeypatch):
    monkeypatch.setattr(download, "WAITS", (0, 0))
    broken = replace(remote, weights_folder=remote.weights_folder.replace("weights", "broken"))
    with pytest.raises(WeightsError, match="524,288 of 1,048,576 bytes"):
        backbones.find_weights(broken)
    (half,) = (home / "weights").iterdir()
    assert half.name.startswith(".official.h5-") and CONTENT.startswith(half.read_bytes())
    assert backbones.find_weights(remote).path == home / "weights" / "official.h5"


def test_a_server_that_never_answers_is_given_up(remote, home, monkeypatch):
    monkeypatch.setattr(download, "TIMEOUT", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as mute:
        remote = replace(remote, weights_folder=f"http://127.0.0.1:{mute.getsockname()[1]}/")
        with pytest.raises(WeightsError, match=r"timed out|no answer in 0\.2 seconds"):
            backbones.find_weights(remote)
    assert list((home / "weights").iterdir()) == []


def test_a_download_can_be_stopped_and_leaves_nothing(remote, home):
    def stop(progress: Progress) -> None:
        raise Stopped

    with pytest.raises(Stopped):
        backbones.find_weights(remote, report=stop)
    assert list((home / "weights").iterdir()) == []


# Weights files


@pytest.fixture(scope="module")
def trained():
    """A Tiny with other weights than the untrained ones, and with a classifier."""
    import keras

    backbone = backbones.load("Tiny")
    keras.utils.set_random_seed(1)
    model = keras.Model(backbone.input, keras.layers.Dense(5)(backbone.output))
    model.set_weights([np.random.default_rng(1).normal(size=value.shape) for value in model.get_weights()])
    return model


@pytest.mark.parametrize("file", ["tiny.weights.h5", "tiny.h5"])
@pytest.mark.parametrize("classifier", [False, True])
def test_weights_of_both_formats_are_read_with_or_without_a_classifier(trained, tmp_path, file, classifier):
    import keras

    path = tmp_path / file
    features = keras.Model(trained.input, trained.layers[-2].output)
    model = trained if classifier else features
    model.save_weights(path) if file.endswith(".weights.h5") else model.save(path)
    loaded = backbones.load("Tiny", weights=backbones.find_weights("Tiny", path))
    np.testing.assert_array_equal(loaded(IMAGES), features(IMAGES))


@pytest.mark.slow
@pytest.mark.parametrize("file", ["model.keras", "model.h5", "model.weights.h5"])
def test_weights_in_bfloat16_are_read_from_files_of_every_format(tmp_path, file):
    import keras

    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("bfloat16")
    try:
        saved = keras.applications.MobileNetV2(input_shape=(32, 32, 3), include_top=False, weights=None, alpha=1.0)
    finally:
        keras.config.set_dtype_policy(policy)
    (saved.save_weights if "weights" in file else saved.save)(tmp_path / file)
    network = backbones.load("MobileNetV2", input_size=32, weights=str(tmp_path / file))
    for read, written in zip(network.weights, saved.weights, strict=True):
        assert read.dtype == "float32"
        assert np.array_equal(np.asarray(read), np.asarray(written).astype(np.float32))


@pytest.mark.parametrize("file", ["model.keras", "model.h5", "model.weights.h5"])
@pytest.mark.parametrize("kind", ["nested", "nested, frozen", "nested twice", "flat with a large head"])
def test_the_network_is_read_out_of_a_whole_model(trained, tmp_path, kind, file):
    import keras

    if kind == "nested twice" and file == "model.h5":
        pytest.skip("the old format names the layers of one level only")
    base = keras.Model(trained.input, trained.layers[-2].output)
    expected = base(IMAGES)
    if kind == "flat with a large head":
        x = base.output
        for _ in range(5):
            x = keras.layers.BatchNormalization()(keras.layers.Dense(6, "relu")(x))
        model = keras.Model(base.input, keras.layers.Dense(3)(x))
    else:
        base.trainable = kind != "nested, frozen"
        inner = keras.Sequential([base, keras.layers.Dense(4)]) if kind == "nested twice" else base
        model = keras.Sequential([keras.Input(base.input_shape[1:]), inner, keras.layers.Dense(3)])
    path = tmp_path / file
    model.save_weights(path) if file.endswith(".weights.h5") else model.save(path)
    loaded = backbones.load("Tiny", weights=str(path))
    np.testing.assert_array_equal(loaded(IMAGES), expected)


def test_a_network_that_goes_on_with_convolutions_is_no_classifier(tmp_path):
    import keras

    base = backbones.load("Tiny")
    deeper = keras.layers.Conv2D(4, 3, padding="same", name="deeper")(base.layers[-2].output)
    keras.Model(base.input, deeper).save(tmp_path / "deeper.h5")
    with pytest.raises(WeightsError, match="continue at deeper"):
        backbones.load("Tiny", weights=str(tmp_path / "deeper.h5"))


@pytest.fixture(params=["empty", "text", "cut short", "foreign .weights.h5", "foreign .h5", "not of Keras"])
def unusable(request, trained, tmp_path) -> Path:
    import h5py
    import keras

    path = tmp_path / ("bad.weights.h5" if request.param == "foreign .weights.h5" else "bad.h5")
    foreign = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Conv2D(8, 5)])
    match request.param:
        case "empty":
            path.touch()
        case "text":
            path.write_text("These are not weights.\n" * 100)
        case "cut short":
            trained.save(path)
            path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
        case "foreign .weights.h5":
            foreign.save_weights(path)
        case "foreign .h5":
            foreign.save(path)
        case "not of Keras":
            with h5py.File(path, "w") as file:
                file["x"] = np.zeros(3)
    return path


def test_an_unusable_file_is_named_and_left_as_it_is(unusable):
    before = unusable.read_bytes(), unusable.stat().st_mtime_ns
    with pytest.raises(WeightsError) as caught:
        backbones.load("Tiny", weights=str(unusable))
    assert str(unusable) in str(caught.value)
    assert "Tiny" in str(caught.value)
    assert caught.value.remedy
    assert (unusable.read_bytes(), unusable.stat().st_mtime_ns) == before


def test_a_foreign_file_names_the_first_layer_that_does_not_fit(tmp_path):
    import keras

    layers = [backbones.load("Tiny").layers[2].from_config(backbones.load("Tiny").layers[2].get_config())]
    layers.append(keras.layers.Conv2D(12, 3, name="wider"))
    keras.Sequential([keras.Input((32, 32, 3)), *layers]).save(tmp_path / "foreign.h5")
    with pytest.raises(LabError, match=r"its layer wider has shapes 3x3x8x12, 12. Expected 3x3x8x16, 16 for the layer"):
        backbones.load("Tiny", weights=str(tmp_path / "foreign.h5"))


# Published weights, where the machine has them


@pytest.mark.slow
def test_a_narrower_mobilenet_names_the_first_layer_that_does_not_fit(shared_weights):
    path = shared_weights / "mobilenet_2_5_224_tf.h5"
    with pytest.raises(WeightsError) as caught:
        backbones.load("MobileNet", input_size=32, weights=str(path))
    assert str(caught.value) == (
        f"{path.resolve()} does not fit MobileNet: its layer conv1 has shapes 3x3x3x8. "
        "Expected 3x3x3x32 for the layer conv1. Choose the file of this network."
    )


@pytest.mark.slow
def test_published_weights_give_the_features_that_keras_gives(shared_weights):
    import keras

    weights = backbones.find_weights("MobileNetV2", shared_weights)
    ours = backbones.load("MobileNetV2", input_size=32, weights=weights)
    theirs = keras.applications.MobileNetV2(
        include_top=False, weights=str(weights.path), input_shape=(32, 32, 3), pooling="avg"
    )
    np.testing.assert_array_equal(ours.predict(IMAGES / 255, verbose=0), theirs.predict(IMAGES / 255, verbose=0))


@pytest.mark.slow
def test_published_weights_with_a_classifier_serve_as_backbone_too(shared_weights):
    import keras

    build = {"include_top": False, "weights": None, "alpha": 0.25, "input_shape": (32, 32, 3), "pooling": "avg"}
    ours = keras.applications.MobileNet(**build)
    keras_weights.read(shared_weights / "mobilenet_2_5_224_tf.h5", ours, "MobileNet 0.25")
    theirs = keras.applications.MobileNet(**build | {"weights": shared_weights / "mobilenet_2_5_224_tf_no_top.h5"})
    for own, official in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_array_equal(own, official)


def test_an_outline_has_no_values_and_none_come_later():
    from keras import layers

    outline = backbones.outline("EfficientNetLite0", input_size=64)
    backbones.outline("Tiny", input_size=32)
    layers.Dense(3)(outline.output)  # a symbolic call, which gives values to whatever waits for them
    assert outline.weights and all(weight._value is None for weight in outline.weights)


@pytest.mark.parametrize("name", ["MobileNetV2", "VGG16"])
def test_a_file_too_large_for_weights_is_refused_unread(tmp_path, monkeypatch, name):
    path = tmp_path / "film.h5"
    with path.open("wb") as file:
        file.truncate(6 * 10**9)  # without a byte on the disk
    monkeypatch.setattr(hashlib, "file_digest", lambda *_: pytest.fail("6 GB were read"))
    with pytest.raises(WeightsError, match=rf"has 6\.0 GB, too much for weights of {name}.*at most"):
        backbones.find_weights(name, path)


def test_a_file_with_classifier_and_optimizer_is_not_too_large(tmp_path, monkeypatch):
    path = tmp_path / "whole.h5"
    with path.open("wb") as file:
        file.truncate(3 * 4 * backbones.get("VGG16").params_top)
    monkeypatch.setattr(hashlib, "file_digest", lambda *_: hashlib.sha256())
    assert backbones.find_weights("VGG16", path).path == path


POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab2935\nsize 9406464\n"
PAGE = b"\xef\xbb\xbf\n<!DOCTYPE html>\n<html><title>Virus scan warning</title></html>"


@pytest.mark.parametrize(
    ("content", "expected"),
    [(POINTER, r"Git LFS pointer.*Run `git lfs pull`"), (PAGE, r"web page.*Download the file that the page offers")],
    ids=["Git LFS pointer", "web page"],
)
def test_a_file_that_only_stands_for_weights_is_recognised(tmp_path, content, expected):
    path = tmp_path / "model.safetensors"
    path.write_bytes(content)
    with pytest.raises(WeightsError, match=expected):
        keras_weights.read(path, None, "Tiny")
    with pytest.raises(WeightsError, match=expected):
        Tensors(path, BACKBONES["DINOv2Small"], {}, unused=bool)


def test_weights_that_may_not_be_read_are_one_sentence(tmp_path, monkeypatch):
    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    path = tmp_path / "model.h5"
    path.write_bytes(b"hello")
    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(WeightsError, match="cannot be read as weights of Tiny"):
        keras_weights.read(path, None, "Tiny")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
@pytest.mark.parametrize("folder", ["weights", "hub"])
def test_a_folder_of_weights_that_is_another_users_hides_no_other(home, monkeypatch, folder):
    (home / folder).mkdir()
    monkeypatch.setenv("HF_HUB_CACHE", str(home / "hub"))
    with modes.denied(home / folder):
        assert backbones.published_here("EfficientNetLite0")
        assert not backbones.published_here("VGG16")
        assert not backbones.published_here("DINOv2Small")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_weights_in_a_folder_that_is_another_users_are_one_sentence(tmp_path):
    clip = BACKBONES["CLIPViTB32"]
    folder = tmp_path / "theirs"
    folder.mkdir()
    with modes.denied(folder):
        for attempt in (
            lambda: keras_weights.read(folder / "net.h5", None, "Tiny"),
            lambda: keras_loader.locate(BACKBONES["VGG16"], folder),
            lambda: checkpoints.weights_file(folder / "clip", clip),
        ):
            with pytest.raises(WeightsError):
                attempt()
        assert not storage.is_file(folder / "net.h5") and not storage.is_folder(folder / "clip")
