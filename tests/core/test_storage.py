"""Storage: whole files or none, results that everybody may read, and digests that never change."""

import errno
import io
import json
import os
import signal
import stat
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from zipfile import BadZipFile

import pytest

from core import embeddings, features, hardware, maps, runs, storage
from core.data import datasets, uploads
from core.embeddings import Source
from core.errors import ConfigError, Stopped
from core.evaluation import few_shot, layer_probes
from core.features import Encoder, throughput
from core.maps import MapConfig
from tests import modes

TINY = Source(backbone="Tiny", weights="untrained", input_size=8, images="test", n_images=20)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_a_lock_of_another_user_is_one_sentence(home):
    lock = home / "lock"
    lock.touch()
    said = pytest.raises(ConfigError, match=r"lock cannot be opened .*Give this user")
    with modes.denied(lock), said, storage.locked(lock):
        raise AssertionError
    with storage.locked(lock):
        pass


@pytest.mark.skipif(os.name == "nt", reason="Windows locks files in another way")
@pytest.mark.parametrize("number", [errno.ENOLCK, errno.ENOTSUP])
@pytest.mark.parametrize("use", ["locked", "is_locked", "upload", "store"])
def test_a_file_system_without_locks_is_one_sentence(home, monkeypatch, number, use):
    def refuse(*_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("fcntl.flock", refuse)
    with pytest.raises(ConfigError, match=r"does not lock files .*set BACKBONE_LAB_HOME"):
        match use:
            case "locked":
                with storage.locked(home / "lock"):
                    raise AssertionError
            case "is_locked":
                storage.is_locked(home / "lock")
            case "upload":
                uploads.keep(io.BytesIO(b"bytes"), "photos.zip")
            case "store":
                runs.rows()
    assert not list((home / "uploads").glob("*/*"))


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


def test_an_error_leaves_the_old_file_and_nothing_else(home):
    path = home / "folder" / "file"
    path.parent.mkdir()
    path.write_text("old")
    with pytest.raises(ZeroDivisionError), storage.replaced(path) as new:
        new.write_text("half")
        raise ZeroDivisionError
    assert path.read_text() == "old"
    assert list(path.parent.iterdir()) == [path]


def test_a_result_is_found_under_its_key_and_a_damaged_one_is_none(home, caplog):
    assert storage.find("colours", "abc", list) is None
    storage.keep("colours", "abc", [1, 2])
    assert storage.find("colours", "abc", list) == [1, 2]
    (home / "colours" / "abc.json").write_text("[1,")
    assert storage.find("colours", "abc", list) is None
    assert "abc.json cannot be read" in caplog.text


def test_what_cannot_be_read_is_not_written_over(home, caplog):
    assert storage.find_to_change("colours", "abc", list) is None
    (path := home / "colours" / "abc.json").parent.mkdir()
    path.write_text("[1,")
    assert storage.find_to_change("colours", "abc", list) is None
    (aside,) = path.parent.iterdir()
    assert aside.read_text() == "[1," and aside.suffix != ".json" and aside.name in caplog.text
    path.mkdir()  # there, and not to be read
    with pytest.raises(OSError):
        storage.find_to_change("colours", "abc", list)


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


@pytest.mark.skipif(os.name == "nt", reason="Windows cannot kill in this way")
def test_scratch_folders_of_a_process_that_was_killed_are_swept_and_those_of_a_living_one_stay(tmp_path):
    program = (
        "import os, signal, sys; from pathlib import Path; from core import storage\n"
        "with storage.scratch(Path(sys.argv[1])):\n"
        "    os.kill(os.getpid(), signal.SIGKILL)"
    )
    (folder := tmp_path / "weights").mkdir()
    left, mine = folder / ".download-left", folder / ".download-mine"
    root = Path(__file__).parent.parent.parent
    done = subprocess.run([sys.executable, "-c", program, left], cwd=root, check=False)
    assert done.returncode == -signal.SIGKILL
    assert left.is_dir()
    with storage.scratch(mine):
        storage.sweep(folder, ".upload-")
        assert left.is_dir()
        storage.sweep(folder, ".download-")
        assert sorted(folder.iterdir()) == [mine, storage.lock_of(mine)]
    assert list(folder.iterdir()) == []


@pytest.mark.slow
def test_a_lock_is_waited_for_and_the_wait_can_be_stopped(tmp_path):
    path, held, done = tmp_path / "lock", threading.Event(), threading.Event()

    def hold() -> None:
        with storage.locked(path):
            held.set()
            done.wait(300)

    def stop(progress) -> None:
        assert (progress.stage, progress.total) == ("wait", 3)
        raise Stopped

    holder = threading.Thread(target=hold)
    holder.start()
    assert held.wait(300)
    with pytest.raises(Stopped), storage.locked(path, stop, total=3):
        pass
    done.set()
    holder.join()
    with storage.locked(path, stop):
        pass


# Names that a home folder of an earlier version has: whatever gives others loses its features, maps and results. Two
# changes did so on purpose, as numbers changed: untrained networks got seeds of their own (`seed0-own`), and maps of
# version 2 subtract the mean before principal components. Pooled features of ConvNeXt moved to another name: under the
# old ones are those of earlier versions, with LayerNorm before the pooling.


def test_digests_are_those_of_earlier_versions():
    assert storage.digest([1, "a"]) == "4a72386a027702c1"
    assert datasets.load("cifar10-sample").fingerprint == "fd75bf1c68493b5d"
    key = features.Key("Tiny", "untrained-Tiny-seed0", "fd75bf1c68493b5d", 8, "inside", "avg", "float32")
    assert key.digest == "c7d44a2e4bba34f5"


@pytest.mark.skipif(bool(hardware.describe()["gpu"]), reason="on a GPU features have another precision")
@pytest.mark.parametrize(
    ("source", "vectors", "umap", "tsne", "pca"),
    [
        (TINY, "a80c55a90bfbd21b", "f4d3614ac8d388ec", "bfcad627127f254c", "6c0ac4371ab6c7c2"),
        (
            Source(backbone="Tiny", weights="untrained"),
            "2946c81075d1981d",
            "0931709f62a9397b",
            "7406fcdaf765883d",
            "3cd97a6f3a4d632f",
        ),
        (
            Source(**vars(TINY) | {"preprocessing": "divide255", "pooling": "max"}),
            "6f5714bfc55791f4",
            "e219172ae862c462",
            "0340fcd2153e186b",
            "1e3b42e3b114c0eb",
        ),
        (
            Source(**vars(TINY) | {"layer": "block2"}),
            "16cadd47f86cf505",
            "67623c830a7d4067",
            "62dc39a5d6bb60d1",
            "d52b75f60a763633",
        ),
        (
            Source(backbone="ToyCLIP", images="val"),
            "998191dccfff1b65",
            "59a9e2d85b648c37",
            "0c8a5d4e8e1bcba1",
            "b18c6c77b60da6e8",
        ),
        (Source(), "254bf99ba10b2448", "c287d4413fc27810", "79f7c161a198fb84", "c103c442c8f20a69"),
    ],
    ids=["tiny", "defaults", "other preprocessing and pooling", "layer", "CLIP", "shipped weights"],
)
def test_vectors_and_maps_have_the_digests_of_earlier_versions(source, vectors, umap, tsne, pca):
    assert embeddings.digest(source) == vectors
    assert maps.key(MapConfig(source)) == umap
    assert maps.key(MapConfig(source, method="tsne", seed=3)) == tsne
    assert maps.key(MapConfig(source, method="pca", dims=3)) == pca


def test_the_toy_clip_is_found_under_its_earlier_name():
    dataset = datasets.load("cifar10-sample")
    published, untrained = Encoder("TinyCLIP"), Encoder("TinyCLIP", "untrained", pooling="projected")
    assert published == Encoder("ToyCLIP")
    assert Source(backbone="TinyCLIP") == Source(backbone="ToyCLIP")
    assert MapConfig(Source(backbone="TinyCLIP")) == MapConfig(Source(backbone="ToyCLIP"))
    key = features.key_of(dataset, untrained)
    assert (key.backbone, key.weights) == ("ToyCLIP", "untrained-TinyCLIP-seed0-own")
    assert replace(key, precision="float32").digest == "bf3245fdbf810bdd"


@pytest.mark.parametrize(
    ("pooling", "digest", "vectors"),
    [
        ("norm-avg", "6c795ca3a1f6b68e", "c123dfd9e4ae3f64"),
        ("norm-max", "104b9c18dc47b9b4", "19218a1a377556f8"),
        ("flatten", "dbb0dec5e9e67095", "278ac28e27dba6ad"),
    ],
)
def test_features_of_convnext_of_earlier_versions_are_found_where_they_are_meant_and_nowhere_else(
    pooling, digest, vectors
):
    dataset = datasets.load("cifar10-sample")
    convnext = {"backbone": "ConvNeXtTiny", "weights": "untrained", "input_size": 64}
    key = features.key_of(dataset, Encoder(**convnext, pooling=pooling, precision="float32"))
    assert key.digest == digest
    now = features.key_of(dataset, Encoder(**convnext, pooling=pooling.removeprefix("norm-"), precision="float32"))
    assert (now.digest == digest) == (pooling == "flatten")
    if not hardware.describe()["gpu"]:
        assert embeddings.digest(Source(**convnext, pooling=pooling)) == vectors
        assert embeddings.digest(Source(**convnext, pooling=pooling, layer="stage_2")) == "f49c820e8deba088"
        assert embeddings.digest(Source(**convnext, layer="stage_2")) != "f49c820e8deba088"  # its last block is shorter


@pytest.mark.skipif(bool(hardware.describe()["gpu"]), reason="on a GPU features have another precision")
def test_results_of_earlier_versions_are_found(home):
    source = Source(images="test")  # of the shipped weights
    point = {"shots": 1, "images": 10, "accuracies": [0.5], "strengths": [1.0]}
    curve = {"points": [point], "classes": 10, "n_test": 500, "seeds": 5, "complete": False, "seconds": 1.0}
    _write(home / "few_shot" / "a27d1913112f27d0.json", curve | {"hardware": "a machine"})
    assert few_shot.find(source).points[0].accuracies == (0.5,)
    probes = {"probes": [], "n_train": 90, "n_val": 20, "n_test": 500, "hardware": "a machine"}
    _write(home / "layer_probes" / "81fc794bed8168fd.json", probes)
    assert layer_probes.find(source, n_train=90).n_val == 20
    assert layer_probes.find(source, n_train=0) is None


def _write(path, value) -> None:
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(value, indent=1))


def test_of_folders_used_one_right_after_another_each_is_later_than_the_one_before(tmp_path):
    folders = [tmp_path / str(number) for number in range(20)]
    for folder in folders:
        folder.mkdir()
    times = []
    for folder in folders:
        storage.used(folder)
        times.append(folder.stat().st_mtime_ns)
    assert len(set(times)) == len(times)
    assert times == sorted(times)


def test_a_file_that_is_denied_or_away_is_told_from_a_damaged_one():
    def zipped() -> BaseException:  # as zipfile does
        try:
            try:
                raise OSError(errno.EIO, "Input/output error")
            except OSError:
                raise BadZipFile("File is not a zip file")  # noqa: B904
        except BadZipFile as error:
            return error

    denied = PermissionError(errno.EACCES, "Permission denied", "file")
    assert storage.hindrance(denied) == ("is not readable by this user", storage.ALLOW)
    assert storage.hindrance(zipped()) == ("cannot be read (Input/output error)", storage.WAIT)
    assert storage.hindrance(OSError(errno.ESTALE, "Stale")) == ("cannot be read (Stale)", storage.WAIT)
    for error in (BadZipFile(), ValueError(), PermissionError(errno.EPERM, "of a firewall"), FileNotFoundError()):
        assert storage.hindrance(error) is None


def test_an_error_while_another_was_handled_is_not_denied():
    try:
        try:
            raise PermissionError(errno.EACCES, "Permission denied", "elsewhere")
        except PermissionError:
            raise ValueError("damaged")  # noqa: B904
    except ValueError as error:
        assert not storage.is_denied(error)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_a_file_system_that_is_read_only_is_not_a_matter_of_rights(home, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, mode, **_: not mode & os.W_OK)
    monkeypatch.setattr(os, "statvfs", lambda path: SimpleNamespace(f_flag=os.ST_RDONLY))
    with pytest.raises(OSError, match="Read-only file system") as raised:
        storage.check_access(home, os.R_OK | os.W_OK)
    assert raised.value.errno == errno.EROFS and not storage.is_denied(raised.value)
    storage.check_access(home, os.R_OK)


def test_a_disk_or_share_that_went_away_is_told_from_other_errors(home):
    missing = errno.ENOENT, "No such file or directory"
    for error in (OSError(errno.EIO, "Input/output error"), FileNotFoundError(*missing, str(home / "datasets"))):
        assert storage.is_away(error)
    for error in (FileNotFoundError(*missing, "elsewhere"), ConnectionRefusedError(), TimeoutError(), KeyError("home")):
        assert not storage.is_away(error)
