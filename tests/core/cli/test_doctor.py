"""`doctor` tells what is here and what is wrong."""

import os

import pytest

from core import hardware, runs, server_lock
from core.cli import doctor
from core.cli.commands import main
from core.config import RunConfig
from core.data import datasets
from core.features import throughput
from core.runs import connection
from core.training import checkpoints
from tests.pictures import pictures, write_folder


@pytest.mark.slow
def test_doctor_tells_what_is_here_and_what_is_wrong(capsys, store, home, tmp_path, monkeypatch):
    datasets.import_images(write_folder(tmp_path / "pets", pictures()))
    (home / "datasets" / "pets" / "images.raw").write_bytes(b"cut")
    runs.end(run_id := runs.create(RunConfig(backbone="Tiny", method="finetune")), "paused")
    trained = {"state": {"curves": [{"stage": "head"}]}}
    checkpoints.save(checkpoints.folder(run_id) / "last.npz", {}, trained)
    checkpoint = checkpoints.best(checkpoints.folder(run_id), "head")
    checkpoint.write_bytes(b"cut")
    monkeypatch.setenv("BACKBONE_LAB_SCHEDULER", "unknown://host")
    for name in ("Tiny", throughput.in_keras("Tiny")):
        throughput.record(name, 32, 10, hardware.name())
    lock = server_lock.take("port 8501")
    assert main(["doctor"]) == 0
    server_lock.release(lock)
    printed = capsys.readouterr().out
    assert "'pets' is damaged" in printed
    assert f"checkpoint {checkpoint} is damaged" in printed
    assert f"in use by port 8501, process {os.getpid()}" in printed
    assert "No scheduler answers at unknown://host" in printed
    assert "Tiny at 32 px: 10 images/s" in printed
    assert "in Keras" not in printed
    assert "EfficientNetLite0" in printed
    assert "cifar10-sample" in printed
    monkeypatch.setattr(connection, "file_of", lambda uri: None)  # a store on a server
    found = doctor.examine()
    assert not found["runs_damaged"]
    assert "their files were not checked" in doctor.describe(found)
