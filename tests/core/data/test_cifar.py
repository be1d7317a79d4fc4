"""CIFAR arrays are read with all their mistakes named, and a missing network is told at once."""

import http.server
import re
import socket
import threading
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core import download
from core.data import cifar, datasets
from core.errors import DatasetError, Stopped
from core.progress import Progress


def arrays(classes: int = 10, per_class: int = 6, **changed: np.ndarray) -> dict[str, np.ndarray]:
    """Small arrays of the form of CIFAR."""
    rng, labels = np.random.default_rng(0), np.tile(np.arange(classes), per_class)
    x = rng.integers(0, 256, (len(labels), 32, 32, 3), np.uint8)
    return {"x_train": x, "y_train": labels, "x_test": x[: 2 * classes], "y_test": labels[: 2 * classes]} | changed


def write(path: Path, content: dict[str, np.ndarray]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, **content)
    return path


def test_arrays_come_back_as_they_are(tmp_path: Path):
    content = arrays()
    stored = cifar.read(write(tmp_path / "c.npz", content), classes=10)
    assert np.array_equal(stored.x_train, content["x_train"]) and np.array_equal(stored.y_test, content["y_test"])


def test_labels_may_stand_in_a_column_of_bytes_as_keras_has_them(tmp_path: Path):
    content = arrays()
    column = content["y_train"].astype(np.uint8)[:, None]
    stored = cifar.read(write(tmp_path / "c.npz", content | {"y_train": column}), classes=10)
    assert stored.y_train.dtype == np.int64 and np.array_equal(stored.y_train, content["y_train"])


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"x_train": np.zeros((60, 28, 28), np.uint8)}, r"x_train in .* is \(60, 28, 28\) uint8"),
        ({"x_test": np.zeros((20, 32, 32, 3), np.float32)}, r"x_test in .* is .* float32. Expected .* uint8"),
        ({"x_test": np.zeros((0, 32, 32, 3), np.uint8)}, r"x_test in .* is \(0, 32, 32, 3\)"),
        ({"y_train": np.zeros(59, int)}, r"y_train in .* is \(59,\) int64. Expected 60 "),
        ({"y_train": np.zeros(60)}, r"y_train in .* float64"),
        ({"y_test": np.full(20, 10)}, r"y_test in .* 10 to 10. Expected .* 0 to 9"),
        ({"y_test": np.full(20, -1)}, r"-1 to -1"),
    ],
)
def test_arrays_of_another_form_are_refused(tmp_path: Path, changed, message):
    with pytest.raises(DatasetError, match=message):
        cifar.read(write(tmp_path / "c.npz", arrays(**changed)), classes=10)


def test_a_missing_array_is_named(tmp_path: Path):
    content = arrays()
    del content["y_test"]
    with pytest.raises(DatasetError, match=r"y_test"):
        cifar.read(write(tmp_path / "c.npz", content), classes=10)


@pytest.mark.parametrize("size", [0, 10, 5_000])
def test_a_truncated_file_is_refused(tmp_path: Path, size):
    path = write(tmp_path / "c.npz", arrays())
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(DatasetError, match=r"c\.npz"):
        cifar.read(path, classes=10)


def test_objects_are_not_unpickled(tmp_path: Path):
    path = write(tmp_path / "c.npz", arrays(y_test=np.array([{}] * 20, dtype=object)))
    with pytest.raises(DatasetError, match=r"cannot be read"):
        cifar.read(path, classes=10)


@pytest.mark.parametrize(("name", "classes"), [("cifar10", 10), ("cifar100", 100)])
def test_an_npz_in_the_home_folder_becomes_the_dataset(home: Path, name, classes):
    content = arrays(classes)
    write(home / "datasets" / f"{name}.npz", content)
    assert next(s for s in datasets.available() if s.name == name).state == "ready"
    dataset = datasets.load(name)
    assert np.array_equal(dataset.images, np.concatenate([content["x_train"], content["x_test"]]))
    assert dataset.labels.tolist() == [*content["y_train"], *content["y_test"]]
    assert dataset.official.tolist() == ["train"] * len(content["x_train"]) + ["test"] * len(content["x_test"])
    assert dataset.files[3] == "train/00003"
    assert len(dataset.class_names) == len(set(dataset.class_names)) == classes
    again = datasets.load(name)
    assert again.fingerprint == dataset.fingerprint and isinstance(again.images.base, np.memmap | np.ndarray)


def test_an_npz_with_too_few_images_is_refused_and_leaves_nothing(home: Path):
    few = arrays(per_class=2)
    write(home / "datasets" / "cifar10.npz", few)
    with pytest.raises(DatasetError, match=r"'airplane' has 2 images.* 3"):
        datasets.load("cifar10")
    assert [path.name for path in (home / "datasets").iterdir()] == ["cifar10.npz"]


def test_class_names_are_those_of_the_archive():
    assert cifar.CIFAR["cifar10"].class_names[3] == "cat"
    fine = cifar.CIFAR["cifar100"].class_names
    assert len(fine) == 100 and sorted(fine) == list(fine)
    assert (fine[0], fine[47], fine[99]) == ("apple", "maple_tree", "worm")


def test_a_dataset_that_is_not_here_says_which_file_to_put_where(home: Path):
    with pytest.raises(DatasetError, match=re.escape(str(home / "datasets" / "cifar10.npz"))):
        datasets.load("cifar10")


@pytest.fixture
def keras_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setattr(urllib.request, "_opener", None)  # it would remember the proxy of another test
    return tmp_path / "keras"


def test_without_network_fetch_fails_and_says_which_file_to_put_where(home, keras_home, monkeypatch):
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")  # nobody listens there
    with pytest.raises(DatasetError, match=re.escape(str(home / "datasets" / "cifar100.npz"))):
        datasets.fetch("cifar100")
    assert not list((home / "datasets").iterdir()) and not list(keras_home.rglob("*archive"))


@pytest.mark.slow
def test_a_network_that_swallows_everything_is_given_up(home, keras_home, monkeypatch):
    monkeypatch.setattr(download, "TIMEOUT", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as silent_server:
        monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{silent_server.getsockname()[1]}")
        with pytest.raises(DatasetError, match=r"(timed out|no answer).*\.npz"):
            datasets.fetch("cifar10")


class Server(http.server.BaseHTTPRequestHandler):
    """Sends 3 MB; at /broken it hangs up in the middle of what it promised."""

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "6000000" if self.path == "/broken" else "3000000")
        self.end_headers()
        self.wfile.write(bytes(3_000_000))

    def log_message(self, *_):
        pass


@pytest.fixture
def server() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server) as running:
        threading.Thread(target=running.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()


def files_of(*folders: Path) -> list[Path]:
    """All files, but for the settings that Keras writes when it is imported."""
    return [path for folder in folders for path in folder.rglob("*") if path.is_file() and path.name != "keras.json"]


def test_a_download_reports_its_bytes_and_a_stop_leaves_nothing(home, keras_home, server, monkeypatch):
    monkeypatch.setitem(cifar.CIFAR, "cifar10", replace(cifar.CIFAR["cifar10"], url=f"{server}/whole"))
    seen: list[Progress] = []

    def stop_half_way(progress: Progress) -> None:
        seen.append(progress)
        if progress.fraction > 0.5:
            raise Stopped

    with pytest.raises(Stopped):
        datasets.fetch("cifar10", stop_half_way)
    assert {(p.stage, p.unit, p.total) for p in seen} == {("download", "bytes", 3_000_000)}
    assert [p.done for p in seen] == sorted(p.done for p in seen) and seen[-1].rate > 0
    assert files_of(home, keras_home) == []


def test_a_connection_that_breaks_leaves_nothing(home, keras_home, server, monkeypatch):
    monkeypatch.setitem(cifar.CIFAR, "cifar10", replace(cifar.CIFAR["cifar10"], url=f"{server}/broken"))
    with pytest.raises(DatasetError, match=r"(?i)3,?000,?000 .*\.npz"):
        datasets.fetch("cifar10")
    assert files_of(home, keras_home) == []


def test_a_download_that_is_not_the_archive_is_refused_by_its_hash(home, keras_home, server, monkeypatch):
    monkeypatch.setitem(cifar.CIFAR, "cifar10", replace(cifar.CIFAR["cifar10"], url=f"{server}/whole"))
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")  # Keras would now try for itself
    with pytest.raises(DatasetError, match=r"CIFAR-10 "):
        datasets.fetch("cifar10")
    assert not list((home / "datasets").iterdir())
