"""Extraction and its cache: the same features always, computed once, whatever happened in between."""

import logging
import os
import shutil
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core import backbones, features, settings, storage
from core.data.datasets import Dataset
from core.errors import BackboneError, ConfigError, Stopped
from core.features import Encoder, chunks, compiled, throughput
from core.progress import silent

TINY = backbones.get("Tiny")


def toy(n: int = 1300, *, size: int = 8, fingerprint: str = "0123456789abcdef") -> Dataset:
    """Noise images, enough for three chunks."""
    return Dataset(
        name="toy",
        title="Toy",
        images=np.random.default_rng(0).integers(0, 256, (n, size, size, 3), np.uint8),
        labels=np.arange(n) % 2,
        class_names=("even", "odd"),
        official=np.full(n, ""),
        files=np.array([f"{i}.png" for i in range(n)]),
        fingerprint=fingerprint,
        source="this test",
        licence="",
        skipped=(),
    )


def extract(rows=None, *, dataset=None, input_size=8, report=silent, **more) -> features.Features:
    dataset = dataset or toy()
    rows = np.arange(len(dataset.images)) if rows is None else np.asarray(rows)
    return features.extract(dataset, rows, Encoder("Tiny", "untrained", input_size, **more), report=report)


def chunk_files() -> list:
    return sorted(settings.folder("features").glob("*.zarr/c/*/0"), key=lambda path: int(path.parent.name))


def test_features_are_those_of_the_network_itself(home):
    dataset = toy(20)
    network = backbones.load(TINY, input_size=8, weights="untrained")
    expected = network(dataset.images.astype(np.float32), training=False)
    result = extract(dataset=dataset)
    np.testing.assert_allclose(result.values, expected, atol=1e-5)
    assert (result.values.shape, result.values.dtype) == ((20, TINY.feature_dim), np.float32)
    assert not result.cached
    assert result.images_per_second > 0


def test_images_are_resized_and_preprocessed_as_asked(home):
    from keras import ops

    dataset = toy(5)
    network = backbones.load(TINY, input_size=16, weights="untrained")
    resized = ops.image.resize(dataset.images.astype(np.float32), (16, 16), interpolation="bilinear")
    result = extract(dataset=dataset, input_size=16, preprocessing="divide255")
    np.testing.assert_allclose(result.values, network(resized / 255, training=False), atol=1e-5)


def test_the_second_time_nothing_is_computed(home):
    first, second = extract(), extract()
    np.testing.assert_array_equal(first.values, second.values)
    assert second.cached
    assert second.images_per_second is None


def test_rows_come_in_the_order_asked_for_even_twice(home):
    everything = extract().values
    rows = np.array([1200, 3, 3, 700])
    np.testing.assert_array_equal(extract(rows).values, everything[rows])


def test_rows_that_other_splits_computed_are_not_computed_again(home):
    extract(np.arange(0, 1000, 2))
    moments = []
    result = extract(np.arange(0, 1010, 2), report=moments.append)
    assert max(moment.total for moment in moments) == 5
    assert not result.cached
    assert extract(np.arange(500, 600, 2)).cached


@pytest.mark.parametrize(
    "other",
    [
        {"input_size": 16},
        {"preprocessing": "divide255"},
        {"pooling": "max"},
        {"dataset": toy(fingerprint="fedcba9876543210")},
    ],
    ids=lambda other: next(iter(other)),
)
def test_whatever_decides_about_a_feature_makes_another_entry(home, other):
    extract([0, 1])
    assert not extract([0, 1], **other).cached
    assert len(features.entries()) == 2


def test_other_weights_make_another_key():
    key = features.Key("Tiny", "a", "b", 8, "inside", "avg", "float32")
    assert key.digest != replace(key, weights="c").digest
    assert key.digest == replace(key).digest


def test_what_was_just_computed_is_not_read_back(home, monkeypatch):
    expected = extract().values
    features.clear()
    monkeypatch.setattr(chunks, "_read_chunk", lambda *_: 1 / 0)
    rows = np.arange(1299, 100, -3)  # parts of chunks
    np.testing.assert_allclose(extract(rows).values, expected[rows], atol=1e-5)


def test_a_disk_that_is_full_is_an_error_though_threads_write(home, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(chunks.Writer, "_store", full)
    with pytest.raises(OSError, match="No space left"):
        extract()


def test_a_stopped_extraction_goes_on_where_it_was(home):
    def stop(progress):
        if progress.done > 600:
            raise Stopped

    with pytest.raises(Stopped):
        extract(report=stop)
    moments = []
    resumed = extract(report=moments.append)
    assert 0 < moments[-1].total < 1300 - 600
    features.clear()
    np.testing.assert_allclose(resumed.values, extract().values, atol=1e-5)


def test_a_lost_chunk_is_computed_again_alone(home):
    expected = extract().values
    chunk_files()[1].unlink()
    moments = []
    result = extract(report=moments.append)
    assert moments[-1].total == features.CHUNK
    np.testing.assert_allclose(result.values, expected, atol=1e-5)


def test_what_is_missing_is_read_again_only_where_it_was_written_since(home, monkeypatch):
    reads, read = [], chunks._read_chunk
    monkeypatch.setattr(chunks, "_read_chunk", lambda array, start: reads.append(start) or read(array, start))

    def missing() -> int:
        reads.clear()
        return features.missing(toy(), np.arange(1300), Encoder("Tiny", "untrained", 8))

    assert missing() == 1300
    extract(np.arange(1000))
    assert missing() == 300 and reads == [0, 512]
    assert missing() == 300 and not reads
    extract([1299])
    assert missing() == 299 and reads == [1024]
    chunk_files()[0].unlink()
    assert missing() == 299 + 512 and not reads
    features.clear()
    assert missing() == 1300


@pytest.mark.parametrize("part", ["zarr.json", "c/1/0"])
def test_an_entry_of_another_user_is_one_sentence_and_stays(home, monkeypatch, part):
    expected = extract().values
    chunks._computed.cache_clear()
    (path,) = (home / "features").glob(f"*.zarr/{part}")
    whole = Path.read_bytes

    def refuse(file: Path) -> bytes:  # modes would not bind Zarr's own threads where tests run as root
        if file == path:
            raise PermissionError(13, "Permission denied", str(file))
        return whole(file)

    with monkeypatch.context() as context:
        context.setattr(Path, "read_bytes", refuse)
        with pytest.raises(ConfigError, match=r"\.zarr are not readable by this user\. Give this user"):
            extract()
    assert path.exists() and np.array_equal(extract().values, expected)


@pytest.mark.parametrize("damage", ["flip", "cut", "empty"])
def test_a_corrupt_chunk_is_noticed_logged_and_computed_again_alone(home, caplog, damage):
    expected = extract().values
    path = chunk_files()[1]
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes({"flip": content, "cut": content[:100], "empty": b""}[damage])
    moments = []
    with caplog.at_level(logging.WARNING):
        result = extract(report=moments.append)
    assert "Rows 512 to 1023" in caplog.text
    assert moments[-1].total == features.CHUNK
    np.testing.assert_allclose(result.values, expected, atol=1e-5)
    assert extract().cached


def test_an_entry_with_a_broken_description_is_a_miss(home, caplog):
    expected = extract([0, 1]).values
    next(settings.folder("features").glob("*.zarr/zarr.json")).write_text("{half")
    np.testing.assert_allclose(extract([0, 1]).values, expected, atol=1e-5)
    assert "cannot be read" in caplog.text


@pytest.mark.slow
def test_two_at_once_do_the_work_once_and_the_second_waits_and_says_so(home):
    begun, go_on, results, waiting = threading.Event(), threading.Event(), [], []

    def slowly(progress):
        begun.set()
        go_on.wait(300)

    def patiently(progress):
        waiting.append(progress)
        go_on.set()

    first = threading.Thread(target=lambda: results.append(extract(report=slowly)))
    first.start()
    assert begun.wait(300)
    second = extract(report=patiently)
    first.join()
    assert waiting[0].stage == "wait"
    assert second.cached
    assert not results[0].cached


@pytest.mark.slow
def test_waiting_can_be_stopped(home):
    def stop(progress):
        raise Stopped

    extract([0])
    (entry,) = features.entries()
    with storage.locked(entry.path.with_suffix(".lock")), pytest.raises(Stopped):
        extract([0], report=stop)


def test_the_least_recently_used_entry_goes_first_and_one_in_use_stays(home):
    for size in (8, 16, 24):
        extract([0], input_size=size)
        time.sleep(0.01)
    extract([0], input_size=8)
    newest, _, oldest = features.entries()
    assert (newest.input_size, oldest.input_size) == (8, 16)
    with storage.locked(newest.path.with_suffix(".lock")):
        features.evict(newest.bytes)
        assert [entry.input_size for entry in features.entries()] == [8]
        assert features.clear() == 0
    assert features.clear() > 0
    assert features.entries() == []


def test_a_budget_too_small_for_one_entry_keeps_the_one_just_made(home, monkeypatch):
    monkeypatch.setenv("BACKBONE_LAB_CACHE_GB", "0")
    extract([0], input_size=8)
    extract([0], input_size=16)
    assert [entry.input_size for entry in features.entries()] == [16]


def test_entries_tell_what_is_in_them(home):
    extract()
    (entry,) = features.entries()
    assert (entry.backbone, entry.dataset, entry.images, entry.dim) == ("Tiny", "toy", 1300, TINY.feature_dim)
    assert entry.bytes > 1300 * TINY.feature_dim


def test_what_somebody_else_left_in_its_folder_is_no_entry(home):
    dataset = toy(20)
    extract([0], dataset=dataset)
    (entry,) = features.entries()
    shutil.copytree(entry.path, entry.path.with_name(f"{entry.path.stem} - Copy.zarr"))
    entry.path.with_name("Tiny-notes-on-px-sizes.zarr").write_text("a file")
    entry.path.with_name("Tiny-of-others.zarr").mkdir()
    entry.path.with_name("Tiny-of-others.zarr").joinpath("zarr.json").write_text(
        '{"node_type": "group", "attributes": {}}'
    )
    assert features.cached_sizes(dataset, Encoder("Tiny", "untrained", 224)) == [8]
    assert {each.backbone for each in features.entries()} == {"Tiny"}
    extract([0], dataset=dataset, input_size=16)  # after which the budget is kept


def test_extraction_records_the_speed_of_this_machine(home):
    extract()
    assert throughput.estimate("Tiny", 8, 100) is not None


def test_progress_ends_at_the_last_image(home):
    moments = []
    extract(report=moments.append)
    assert (moments[0].done, moments[-1].done, moments[-1].total) == (0, 1300, 1300)
    assert moments[-1].seconds_left == 0


def test_features_that_are_not_finite_are_an_error_and_not_stored(home, monkeypatch):
    def broken(pixels):
        return np.full((len(pixels), TINY.feature_dim), np.nan, np.float32)

    monkeypatch.setattr(compiled, "build", lambda *_, **__: compiled.Forward(broken, TINY.feature_dim))
    with pytest.raises(BackboneError, match="non-finite"):
        extract([0])


class Small:
    """A device with memory for a few images at once, whose feature is the image's first pixel."""

    def __init__(self, room: int):
        self.room, self.batches = room, []

    def __call__(self, pixels: np.ndarray) -> np.ndarray:
        self.batches.append(len(pixels))
        if len(pixels) > self.room:
            raise MemoryError
        return pixels[:, 0, 0, :1].astype(np.float32)


def test_a_batch_that_does_not_fit_is_halved_and_no_image_is_lost(caplog):
    device, images = Small(10), toy().images
    network = compiled.Forward(device, 1, batch_size=64)
    rows = np.arange(1300)[::-1]
    parts = list(network.stream(images, rows))
    np.testing.assert_array_equal(np.concatenate([batch for batch, _ in parts]), rows)
    np.testing.assert_array_equal(np.concatenate([values for _, values in parts])[:, 0], images[rows, 0, 0, 0])
    assert device.batches[:4] == [64, 32, 16, 8]
    assert network.batch_size == 8
    assert "does not fit into memory" in caplog.text


def test_one_image_that_does_not_fit_is_an_error_with_a_remedy():
    with pytest.raises(BackboneError, match="smaller input size"):
        list(compiled.Forward(Small(0), 1).stream(toy(3).images, np.arange(3)))


def test_other_errors_of_the_device_are_not_taken_for_lack_of_memory():
    def broken(pixels):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        list(compiled.Forward(broken, 1).stream(toy(3).images, np.arange(3)))


def test_the_batch_size_is_found_on_the_first_images_and_kept():
    device, images = Small(10_000), toy().images
    network, rows = compiled.Forward(device, 1), np.arange(5000) % 1300
    assert sum(len(batch) for batch, _ in network.stream(images, rows)) == 5000
    assert network.batch_size in device.batches
    device.batches.clear()
    list(network.stream(images, np.arange(1300)))
    assert device.batches[0] == network.batch_size


def test_a_last_small_batch_is_filled_up_where_a_new_size_would_be_compiled():
    device = Small(10_000)
    network = compiled.Forward(device, 1, pads=True, batch_size=8)
    parts = list(network.stream(toy(11).images, np.arange(11)))
    assert device.batches == [8, 8]
    assert sum(len(values) for _, values in parts) == 11


def test_the_next_images_are_read_and_sent_while_the_device_computes():
    events = []

    class Computing:
        """What a device has begun, and gives when it is read."""

        def __init__(self, pixels):
            self.pixels, self.first = pixels, pixels[0, 0, 0, 0]
            events.append(("sent", self.first))

        def __array__(self, dtype=None, copy=None):
            events.append(("read", self.first))
            return self.pixels[:, 0, 0, :1].astype(np.float32)

    images = np.zeros((40, 2, 2, 3), np.uint8)
    images[:, 0, 0, 0] = np.arange(40)
    list(compiled.Forward(Computing, 1, batch_size=10).stream(images, np.arange(40)))
    assert events == [
        ("sent", 0),
        ("sent", 10),
        ("read", 0),
        ("sent", 20),
        ("read", 10),
        ("sent", 30),
        ("read", 20),
        ("read", 30),
    ]


@pytest.mark.slow
def test_cached_features_are_read_without_keras(home):
    extract([0, 1])
    program = """
import sys, numpy as np
from tests.core.features.test_cache import extract
assert extract([1, 0]).cached
assert not {"keras", "tensorflow"} & set(sys.modules), "Keras was imported"
"""
    subprocess.run([sys.executable, "-c", program], check=True, env={**os.environ, "PYTHONPATH": "."})


@pytest.mark.slow
def test_sizes_with_cached_features_are_listed_the_most_images_first(home):
    dataset = toy()
    assert features.cached_sizes(dataset, Encoder("Tiny", "untrained", 8)) == []
    extract(np.arange(20), dataset=dataset, input_size=16)
    extract(np.arange(30), dataset=dataset, input_size=8)
    extract(np.arange(40), dataset=dataset, input_size=32, preprocessing="divide255")  # other features
    extract(np.arange(50), dataset=toy(fingerprint="f" * 16), input_size=64)  # other images
    encoder = Encoder("Tiny", "untrained", 224)
    assert features.cached_sizes(dataset, encoder) == [8, 16]
    extract(np.arange(1000), dataset=dataset, input_size=16)
    assert features.cached_sizes(dataset, encoder) == [16, 8]


def test_of_two_sizes_with_equally_many_images_the_latest_used_comes_first(home):
    dataset, encoder = toy(), Encoder("Tiny", "untrained", 224)
    for size in (8, 16, 8):
        extract(np.arange(20), dataset=dataset, input_size=size)
        assert features.cached_sizes(dataset, encoder)[0] == size


def test_features_are_not_looked_for_where_weights_are_missing(home, tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    assert features.cached_sizes(toy(20), Encoder("VGG16")) == []


@pytest.mark.slow
def test_a_network_that_was_renamed_keeps_its_features_under_its_first_name(home):
    dataset, encoder = toy(20, size=32), Encoder("ToyCLIP", "untrained")
    features.extract(dataset, np.arange(20), encoder)
    assert [path.name.split("-")[0] for path in settings.folder("features").glob("*.zarr")] == ["TinyCLIP"]
    assert features.cached_sizes(dataset, encoder) == [32]
    assert features.missing(dataset, np.arange(20), Encoder("TinyCLIP", "untrained")) == 0
    assert [entry.backbone for entry in features.entries()] == ["ToyCLIP"]
