"""Checkpoints arrive whole from Hugging Face or Kaggle, whatever the network does, and each failure says what to do."""

import hashlib
import json
import shutil
import socket
from pathlib import Path

import huggingface_hub
import numpy as np
import psutil
import pytest
from safetensors.numpy import load, save

from core import backbones, download
from core.backbones import checkpoint_sources, checkpoints
from core.errors import Stopped, WeightsError
from core.progress import Progress, silent
from tests import loopback_hub
from tests.loopback_hub import Hub

REPOSITORY = loopback_hub.REPOSITORY
WEIGHTS = (loopback_hub.TOY / "model.safetensors").read_bytes()
SMALL = sum((loopback_hub.TOY / name).stat().st_size for name in ("config.json", *checkpoints.VOCABULARY))


@pytest.fixture(autouse=True)
def no_kaggle(monkeypatch) -> None:
    """Kaggle does not answer."""
    monkeypatch.setattr(checkpoint_sources, "LOOK", 0.02)
    monkeypatch.setattr(checkpoint_sources, "_KAGGLE", "import sys; sys.exit('ConnectionError: no network')")


@pytest.fixture
def spec(hub: Hub) -> backbones.Backbone:
    return backbones.get("CLIPViTB32")


@pytest.fixture
def folder(home: Path) -> Path:
    """Where the files arrive."""
    return home / "weights" / "clip-vit-base-patch32"


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.slow
def test_a_clip_arrives_by_one_call_and_answers_as_the_folder_it_came_from(hub, spec, folder):
    heard: list[Progress] = []
    weights = backbones.find_weights(spec, report=heard.append)
    assert weights.path == folder and weights.digest == hashlib.sha256(WEIGHTS).hexdigest()
    assert names(folder) == ["config.json", "merges.txt", "model.safetensors", "vocab.json"]
    told = [moment for moment in heard if moment.total]
    assert [moment.done for moment in told] == sorted(moment.done for moment in told)
    assert told[-1].done == told[-1].total == len(WEIGHTS) + SMALL and told[-1].unit == "bytes"
    image = np.random.default_rng(0).normal(size=(1, 32, 32, 3)).astype(np.float32)
    np.testing.assert_array_equal(backbones.load(spec)(image), backbones.load("ToyCLIP")(image))
    assert backbones.find_weights(spec) == weights and hub.starts == [0]


def test_a_connection_cut_in_the_middle_continues_and_no_byte_comes_twice(hub, spec, folder):
    hub.cut = 300_000
    checkpoint_sources.fetch(spec, silent)
    assert (folder / "model.safetensors").read_bytes() == WEIGHTS
    assert hub.starts == [0, 300_000]


def test_a_download_that_was_cancelled_continues_at_the_next_attempt(hub, spec, folder):
    def stop(progress: Progress) -> None:
        if progress.done > len(WEIGHTS) / 2:
            raise Stopped

    with pytest.raises(Stopped):
        checkpoint_sources.fetch(spec, stop)
    assert checkpoints.here(spec) is None
    (partial,) = folder.glob(".model.safetensors-*")
    kept = partial.read_bytes()
    assert len(kept) > len(WEIGHTS) / 4 and WEIGHTS.startswith(kept)
    checkpoint_sources.fetch(spec, silent)
    assert hub.starts == [0, len(kept)]
    assert names(folder) == ["config.json", "merges.txt", "model.safetensors", "vocab.json"]


def test_what_arrives_damaged_is_thrown_away_and_said(hub, spec, folder):
    hub.damaged = True
    with pytest.raises(WeightsError, match=r"damaged: its checksum is .* instead of .*; try again"):
        checkpoint_sources.fetch(spec, silent)
    assert names(folder) == ["config.json", "merges.txt", "vocab.json"]


@pytest.mark.parametrize(
    ("status", "headers", "said"),
    [
        (401, {"X-Error-Code": "RepoNotFound"}, "answers 401 Unauthorized: sign in with `hf auth login`, or set HF_"),
        (403, {"X-Error-Code": "GatedRepo"}, rf"answers 403 Forbidden: accept the conditions on .*/{REPOSITORY}, then"),
        (429, {"Retry-After": "3600"}, r"answers 429 Too Many Requests: .*try again in a few minutes"),
        (500, {"Retry-After": "3600"}, "answers 500 Internal Server Error: try again later"),
    ],
)
def test_a_refusal_says_what_to_do_and_what_kaggle_said_and_how_to_bring_the_files(hub, spec, status, headers, said):
    hub.refusals = [(status, headers)]
    with pytest.raises(WeightsError, match=said) as caught:
        checkpoint_sources.fetch(spec, silent)
    assert "Kaggle: ConnectionError: no network. Or put the files of https://huggingface.co/" in str(caught.value)


def test_a_busy_hub_is_asked_again_when_it_says(hub, spec, folder):
    hub.refusals = [(429, {"Retry-After": "0"}), (503, {}), (429, {})]
    heard: list[Progress] = []
    checkpoint_sources.fetch(spec, heard.append)
    assert (folder / "model.safetensors").read_bytes() == WEIGHTS


def test_a_wait_that_the_hub_asks_for_can_be_cancelled(hub, spec):
    hub.refusals = [(429, {"Retry-After": "50"})]

    def stop(progress: Progress) -> None:
        if progress.stage == "retry":
            raise Stopped

    with pytest.raises(Stopped):
        checkpoint_sources.fetch(spec, stop)


def test_the_best_layout_that_a_repository_has_is_sent_and_one_without_any_is_named(hub, spec, folder):
    hub.files[f"{REPOSITORY}/pytorch_model.bin"] = hub.files.pop(f"{REPOSITORY}/model.safetensors")
    checkpoint_sources.fetch(spec, silent)
    assert names(folder) == ["config.json", "merges.txt", "pytorch_model.bin", "vocab.json"]
    shutil.rmtree(folder)
    hub.files |= {
        f"{REPOSITORY}/open_clip_model.safetensors": hub.files[f"{REPOSITORY}/pytorch_model.bin"],
        f"{REPOSITORY}/open_clip_config.json": b"{}",
    }
    checkpoint_sources.fetch(spec, silent)
    assert names(folder) == ["merges.txt", "open_clip_config.json", "open_clip_model.safetensors", "vocab.json"]
    del hub.files[f"{REPOSITORY}/open_clip_model.safetensors"]
    shutil.rmtree(folder)
    del hub.files[f"{REPOSITORY}/pytorch_model.bin"]
    with pytest.raises(WeightsError, match=rf"{REPOSITORY} has none of model\.safetensors, .*: look at"):
        checkpoint_sources.fetch(spec, silent)


def test_a_repository_without_a_vocabulary_is_named_before_the_weights_are_sent(hub, spec):
    del hub.files[f"{REPOSITORY}/merges.txt"]
    with pytest.raises(WeightsError, match=rf"{REPOSITORY} has no merges\.txt"):
        checkpoint_sources.fetch(spec, silent)
    assert not hub.starts


def test_a_disk_without_room_is_said_before_anything_of_the_weights_is_written(hub, spec, folder, monkeypatch):
    usage = shutil.disk_usage("/")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=len(WEIGHTS) - 1))
    with pytest.raises(WeightsError, match=r"MB are still to come, and the disk has .* MB free: free some space"):
        checkpoint_sources.fetch(spec, silent)
    assert names(folder) == ["config.json", "merges.txt", "vocab.json"]


def test_a_hub_that_does_not_answer_is_given_up_and_proxy_and_mirror_are_named(hub, spec, monkeypatch):
    monkeypatch.setattr(download, "TIMEOUT", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as mute:
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{mute.getsockname()[1]}")
        with pytest.raises(WeightsError, match=r"no answer from 127.* set HTTPS_PROXY, for a mirror HF_ENDPOINT"):
            checkpoint_sources.fetch(spec, silent)


def test_the_token_is_shown_to_the_hub_alone(hub, spec, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    checkpoint_sources.fetch(spec, silent)
    assert hub.tokens == {"hub": {"Bearer hf_secret"}, "blobs": {None}}


def test_all_goes_through_the_proxy_that_the_environment_names(hub, spec, folder, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "http://hub.invalid")
    monkeypatch.setenv("http_proxy", hub.url)
    monkeypatch.setattr("urllib.request._opener", None)  # it remembers the proxies it was made with
    huggingface_hub.close_session()  # so does this
    checkpoint_sources.fetch(spec, silent)
    huggingface_hub.close_session()
    assert (folder / "model.safetensors").read_bytes() == WEIGHTS


KAGGLE = """
import os, pathlib, sys, time
place = pathlib.Path(os.environ["KAGGLEHUB_CACHE"], "models", sys.argv[1])
place.parent.mkdir(parents=True)
(place.parents[4] / "pid").write_text(str(os.getpid()))
place.with_suffix(".archive").write_bytes(bytes(1000))
if os.environ.get("SLOW"):
    time.sleep(60)
print(place)
"""


@pytest.fixture
def kaggle(hub: Hub, home: Path, monkeypatch, tmp_path: Path) -> Path:
    """Hugging Face refuses; Kaggle's library is a script that writes 1,000 bytes. Returns where it writes them."""
    hub.files.clear()
    monkeypatch.setenv("KAGGLEHUB_CACHE", str(tmp_path / "of others"))
    monkeypatch.setattr(checkpoint_sources, "_KAGGLE", KAGGLE)
    return home / "weights" / "kagglehub" / "models" / "keras" / "clip" / "keras" / "clip_vit_base_patch32"


def test_where_hugging_face_fails_kaggle_is_asked(kaggle: Path, tmp_path: Path):
    heard: list[Progress] = []
    spec = backbones.get("CLIPViTB32")
    assert checkpoint_sources.fetch(spec, heard.append).parent == kaggle
    assert heard[-1].total == heard[-1].done > 4 * spec.params
    assert not (tmp_path / "of others").exists()


def test_a_download_from_kaggle_is_measured_on_the_disk_and_ends_when_it_is_cancelled(kaggle: Path, monkeypatch):
    monkeypatch.setenv("SLOW", "1")

    def stop(moment: Progress) -> None:
        if moment.done == 1000:
            raise Stopped

    with pytest.raises(Stopped):
        checkpoint_sources.fetch(backbones.get("CLIPViTB32"), stop)
    assert not psutil.pid_exists(int((kaggle.parents[3] / "pid").read_text()))


def shards(hub: Hub) -> list[str]:
    """Have the repository in two shards instead of one file; returns their names."""
    tensors = sorted(load(WEIGHTS).items())
    names = [f"model-{number:05}-of-00002.safetensors" for number in (1, 2)]
    parts = {name: dict(tensors[start::2]) for start, name in enumerate(names)}
    del hub.files[f"{REPOSITORY}/model.safetensors"]
    contents = {f"{REPOSITORY}/{name}": save(part) for name, part in parts.items()}
    listed = {"weight_map": {tensor: name for name, part in parts.items() for tensor in part}}
    hub.files |= contents | {f"{REPOSITORY}/{checkpoints.INDEX}": json.dumps(listed).encode()}
    hub.blobs |= {hashlib.sha256(content).hexdigest(): content for content in contents.values()}
    return names


def test_a_checkpoint_in_shards_arrives_whole_and_answers_as_one_file(hub, spec, folder):
    names_of_shards, heard = shards(hub), []
    hub.cut = 100_000  # in the first
    weights = backbones.find_weights(spec, report=heard.append)
    assert names(folder) == ["config.json", "merges.txt", *names_of_shards, checkpoints.INDEX, "vocab.json"]
    assert hub.starts == [0, 100_000, 0]
    assert heard[-1].done == heard[-1].total > len(WEIGHTS)
    image = np.random.default_rng(0).normal(size=(1, 32, 32, 3)).astype(np.float32)
    np.testing.assert_array_equal(backbones.load(spec)(image), backbones.load("ToyCLIP")(image))
    first = folder / names_of_shards[0]
    first.write_bytes(first.read_bytes()[:-4] + b"else")
    assert backbones.find_weights(spec).digest != weights.digest


def test_a_missing_shard_is_one_sentence_and_is_fetched_alone(hub, spec, folder):
    _, second = shards(hub)
    checkpoint_sources.fetch(spec, silent)
    (folder / second).unlink()
    assert checkpoints.here(spec) is None
    with pytest.raises(WeightsError, match=rf"{folder} lacks {second}\. Expected the 2 files that {checkpoints.INDEX}"):
        backbones.find_weights(spec, str(folder))
    hub.starts.clear()
    checkpoint_sources.fetch(spec, silent)
    assert hub.starts == [0] and checkpoints.here(spec) == folder
    del hub.files[f"{REPOSITORY}/{second}"]
    with pytest.raises(WeightsError, match=rf"{REPOSITORY} has no {second}: look at"):
        checkpoint_sources.fetch(spec, silent)


@pytest.mark.parametrize("listed", [{}, [], {"weight_map": {"a": "../a"}}, {"weight_map": {"a": 1}}])
def test_an_index_that_lists_no_files_is_said(hub, spec, folder, listed):
    shards(hub)
    hub.files[f"{REPOSITORY}/{checkpoints.INDEX}"] = json.dumps(listed).encode()
    with pytest.raises(WeightsError, match=rf"{REPOSITORY} has an {checkpoints.INDEX} that lists no files: look at"):
        checkpoint_sources.fetch(spec, silent)
