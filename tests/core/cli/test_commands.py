"""The terminal: one JSON value on standard output, words otherwise, and exit codes that scripts can trust."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from core import backbones, hardware, heads, maps, runs, server_lock
from core.cli import doctor, tables
from core.cli.commands import main, parser
from core.config import RunConfig
from core.data import datasets
from core.errors import ConfigError
from core.evaluation import label_errors
from core.features import throughput
from core.runs import connection
from core.training import checkpoints
from tests import modes
from tests.pictures import photo, pictures, write_folder

ROOT = Path(__file__).parent.parent.parent.parent
TINY = ["run", "--backbone", "Tiny", "--n-train", "100", "--n-test", "50"]


@pytest.mark.slow
def test_a_run_prints_one_json_object_and_nothing_else(store):
    done = subprocess.run(
        [sys.executable, "-m", "core", *TINY, "--json"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    result = json.loads(done.stdout)
    assert set(result) >= {
        "run_id",
        "accuracy",
        "accuracy_low",
        "accuracy_high",
        "seconds",
        "images_per_second",
        "config",
        "hardware",
    }
    assert set(result["seconds"]) == {"load", "extract", "train", "evaluate"}
    assert result["config"]["n_train"] == 100
    assert result["weights_origin"] == "untrained"


@pytest.mark.slow
def test_the_words_say_that_weights_are_untrained(store, capsys):
    assert main(TINY) == 0
    assert "Tiny (untrained weights): accuracy" in capsys.readouterr().out
    assert main(["runs"]) == 0
    assert "finished" in capsys.readouterr().out
    assert main(["runs", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["status"] == "finished"


@pytest.mark.slow
def test_the_second_time_features_are_cached(store, capsys):
    assert main([*TINY, "--json"]) == 0
    assert main([*TINY, "--json", "--method", "knn"]) == 0
    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    assert (first["cached"], second["cached"]) == (False, True)


@pytest.mark.slow
def test_seeds_are_one_entry_whose_runs_can_be_listed(store, capsys):
    assert main([*TINY, "--seeds", "3", "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    accuracies = [seed["accuracy"] for seed in result["seeds"]]
    assert [seed["seed"] for seed in result["seeds"]] == [0, 1, 2]
    assert len(set(accuracies)) > 1  # each seed draws its own training images
    assert result["accuracy"] == pytest.approx(sum(accuracies) / 3)
    assert result["accuracy_low"] < result["accuracy"] < result["accuracy_high"]
    assert main(["runs", "--json"]) == 0
    (listed,) = json.loads(capsys.readouterr().out)
    assert (listed["run_id"], listed["seeds"]) == (result["entry"], 3)
    assert main(["runs", result["entry"], "--json"]) == 0
    inside = json.loads(capsys.readouterr().out)
    assert [run["run_id"] for run in inside] == [seed["run_id"] for seed in result["seeds"]]
    assert main(["export", result["entry"]]) == 1
    assert f"python -m core runs {result['entry']}" in capsys.readouterr().err


@pytest.mark.slow
def test_a_seed_that_is_stopped_ends_those_after_it_and_the_entry_can_be_resumed(store, capsys, monkeypatch):
    fit = heads.fit

    def stop_at_the_second(*arguments, options, **others):
        if options.seed == 1:
            raise KeyboardInterrupt
        return fit(*arguments, options=options, **others)

    with monkeypatch.context() as patch:
        patch.setattr(heads, "fit", stop_at_the_second)
        assert main([*TINY, "--seeds", "3"]) == 1
    said = capsys.readouterr().err
    assert "1 of 3 seeds finished: seed 1 stopped; seed 2 stopped." in said
    entry = said.strip().rpartition(" ")[2].rstrip(".")
    assert main(["resume", entry, "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert (result["entry"], len(result["seeds"])) == (entry, 3)


@pytest.mark.slow
def test_a_run_whose_features_are_cached_imports_neither_tensorflow_nor_the_parts_of_other_work(store):
    assert main([*TINY, "--method", "knn"]) == 0
    arguments = [*TINY, "--method", "linear"]
    program = f"""
import sys
from core.cli.commands import main
assert main({arguments}) == 0
others = {{"tensorflow", "keras", "sklearn", "umap", "openTSNE", "numba", "distributed", "plotly"}}
print(*sorted(others & set(sys.modules)))
"""
    root = Path(__file__).parent.parent.parent.parent
    done = subprocess.run([sys.executable, "-c", program], cwd=root, capture_output=True, text=True, check=True)
    assert "accuracy" in done.stdout and done.stdout.splitlines()[-1] == ""


def test_backbones_are_a_list_of_facts(capsys):
    assert main(["backbones", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert len(facts) == len(backbones.pretrained_names())
    assert {fact["preprocessing"] for fact in facts} == {"caffe", "tf", "torch", "torch-bicubic", "inside", "clip"}
    assert {"name", "family"} <= set(facts[0])


def test_ctrl_c_while_an_object_is_deleted_stops_the_command_with_one_word(monkeypatch, capsys):
    class Deleted:
        def __del__(self) -> None:
            signal.raise_signal(signal.SIGINT)  # which Python shows as a traceback here, and goes on

    def work(parsed) -> None:
        Deleted()
        time.sleep(60)

    monkeypatch.setattr("core.cli.commands._runs", work)
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored in what a shell runs in the background
    try:
        assert main(["runs"]) == 1
    finally:
        signal.signal(signal.SIGINT, handler)
    assert capsys.readouterr().err == "stopped\n"


@pytest.mark.parametrize(
    "begin", ["runpy.run_module('core', run_name='__main__')", "from core.cli import launch; launch.main()"]
)
def test_ctrl_c_while_a_command_is_imported_is_one_word(tmp_path, begin):
    (tmp_path / "pandas.py").write_text("raise KeyboardInterrupt")
    program = f"import runpy, sys; sys.argv[1:] = ['runs']; {begin}"
    environment = os.environ | {"PYTHONPATH": f"{tmp_path}:{ROOT}"}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, "stopped\n")


@pytest.mark.slow
def test_ctrl_c_pressed_twice_is_no_traceback():
    program = """
import runpy, sys, threading, time
from core.cli import commands

def linger():
    threading.main_thread().join()
    print("waiting", file=sys.stderr, flush=True)
    time.sleep(60)

def work(parsed):
    threading.Thread(target=linger).start()
    raise KeyboardInterrupt

commands._runs, sys.argv[1:] = work, ["runs"]
runpy.run_module("core", run_name="__main__")
"""
    command = subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stderr=subprocess.PIPE, text=True)
    assert [command.stderr.readline() for _ in range(2)] == ["stopped\n", "waiting\n"]
    command.send_signal(signal.SIGINT)
    assert command.communicate(timeout=50)[1] == ""


def test_a_reader_that_has_enough_ends_a_command_without_a_word(monkeypatch, capsys):
    reading, writing = os.pipe()
    os.close(reading)  # as by `head`
    with os.fdopen(writing, "w") as pipe:
        monkeypatch.setattr(sys, "stdout", pipe)
        assert main(["backbones"]) == 0
    assert capsys.readouterr().err == ""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no file that is always full")
def test_a_result_that_cannot_be_written_is_said(monkeypatch, capsys):
    with Path("/dev/full").open("w") as full:
        monkeypatch.setattr(sys, "stdout", full)
        assert main(["backbones"]) == 1
    assert capsys.readouterr().err == "error: The result cannot be written (No space left on device)\n"


def test_a_failure_is_one_sentence_and_exit_code_1(store, capsys):
    assert main(["run", "--dataset", "nothing"]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "nothing" in printed.err
    assert "Traceback" not in printed.err


@pytest.mark.parametrize("option", ["templates", "classes"])
def test_empty_words_are_refused_and_not_taken_for_the_default(store, capsys, option):
    assert main(["run", "--backbone", "ToyCLIP", "--method", "zero-shot", f"--{option}", ""]) == 1
    assert f"The {option} are empty" in capsys.readouterr().err


def test_images_added_to_an_imported_folder_have_a_way_into_the_store(capsys, tmp_path):
    folder = str(write_folder(tmp_path / "grow", pictures()))
    assert main(["datasets", "import", folder]) == 0
    assert main(["datasets", "import", folder]) == 0
    assert f"{folder} is already the dataset grow" in capsys.readouterr().out
    write_folder(tmp_path / "grow", {"cats/new.jpg": photo()})
    assert main(["datasets", "import", folder]) == 0
    assert f"{folder} is now the dataset grow-2" in capsys.readouterr().out
    assert main(["datasets", "import", folder, "grow"]) == 1
    assert "datasets rename grow grow-old" in capsys.readouterr().err
    assert main(["datasets", "rename", "grow", "grow-old"]) == 0
    assert main(["datasets", "import", folder]) == 0
    assert main(["datasets", "import", folder, "Both again"]) == 0
    capsys.readouterr()
    assert main(["datasets", "--json"]) == 0
    counts = {each["name"]: each["images"] for each in json.loads(capsys.readouterr().out)}
    assert (counts["grow-old"], counts["grow-2"], counts["grow"], counts["both-again"]) == (10, 11, 11, 11)
    assert datasets.load("grow-old").title == "grow-old"
    assert main(["datasets", "delete", "grow"]) == 0
    assert "grow" not in [summary.name for summary in datasets.available()]


@pytest.mark.parametrize(
    "arguments",
    [
        ["rename", "grow"],
        ["delete"],
        ["delete", "nothing"],
        ["rename", "nothing", "other"],
        ["rename", "cifar10", "other"],
        ["delete", "cifar10-sample"],
        ["rename", "grow", "cifar10"],
        ["rename", "grow", "taken"],
        ["list", "grow"],
    ],
    ids=" ".join,
)
def test_what_cannot_be_done_with_datasets_is_said_and_changes_nothing(capsys, tmp_path, arguments):
    for name in ("grow", "taken"):
        datasets.import_images(write_folder(tmp_path / name, pictures()))
    before = datasets.available()
    assert main(["datasets", *arguments]) == 1
    assert capsys.readouterr().err.startswith("error: ")
    assert datasets.available() == before


@pytest.mark.slow
def test_a_folder_is_imported_and_what_cannot_be_read_is_listed(store, capsys, tmp_path):
    write_folder(tmp_path / "pets", pictures() | {"cats/notes.jpg": b"no picture"})
    assert main(["run", "--dataset", str(tmp_path / "pets"), "--backbone", "Tiny", "--json"]) == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out)["config"]["dataset"] == "pets"
    assert "skipped cats/notes.jpg" in printed.err


def test_wrong_usage_is_exit_code_2(capsys):
    for arguments in ([], ["run", "--method", "magic"], ["run", "--n-train", "many"]):
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        assert ended.value.code == 2


@pytest.mark.slow
def test_warm_fills_the_cache_and_cache_lists_and_clears_it(store, capsys):
    assert main(["warm", "--backbones", "Tiny"]) == 0
    assert main(["cache", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert [entry["backbone"] for entry in listed["entries"]] == ["Tiny"]
    assert listed["bytes"] > 0
    assert main(["cache", "--clear", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["entries"] == []


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


def test_every_option_has_words():
    for command in parser()._subparsers._group_actions[0].choices.values():
        assert command.description
        assert all(action.help for action in command._actions)


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (OSError(28, "No space left on device"), "error: The disk is full"),
        (OSError(107, "Transport endpoint is not connected"), "Try again when its disk or share can be used"),
        (MemoryError("Unable to allocate 9 TiB"), "error: There is too little memory (Unable to allocate 9 TiB)"),
    ],
)
def test_a_disk_that_is_full_or_away_and_too_little_memory_are_one_sentence_each(monkeypatch, capsys, error, sentence):
    def fails(*_):
        raise error

    monkeypatch.setattr(maps, "compute", fails)
    assert main(["map"]) == 1
    assert sentence in (printed := capsys.readouterr().err)
    assert "Traceback" not in printed


@pytest.mark.parametrize("name", ["", "/", "/nowhere/suspects.csv", "/dev/null/suspects.csv"])
def test_a_file_that_cannot_be_written_is_said_before_wrong_labels_are_looked_for(monkeypatch, capsys, name):
    monkeypatch.setattr(label_errors, "search", lambda *_: pytest.fail("it was begun"))
    assert main(["check", "cifar10-sample", "--labels", name]) == 1
    assert "cannot be written. Expected a file in a folder" in capsys.readouterr().err


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_a_folder_of_another_user_is_a_sentence_where_a_table_would_be_written(tmp_path):
    with modes.denied(tmp_path), pytest.raises(ConfigError, match="cannot be written"):
        tables.check(tmp_path / "suspects.csv")


@pytest.mark.parametrize("number", ["0", "-5", "1e9", "nan", "9" * 30, "9" * 5000])
def test_a_number_that_a_benchmark_cannot_count_to_is_refused(capsys, number):
    with pytest.raises(SystemExit):
        main(["bench", "clip", "--images", number])
    assert "argument --images" in capsys.readouterr().err


TUNE = [*TINY, "--method", "finetune", "--unfreeze", "all", "--epochs", "2", "--head-epochs", "1"]


@pytest.mark.slow
def test_a_fine_tune_tells_what_unfreezing_gave_and_is_exported(store, capsys, tmp_path):
    assert main([*TUNE, "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert [stage["name"] for stage in result["stages"]] == ["head", "finetune"]
    assert result["config"]["epochs"] == 2
    assert main(["export", result["run_id"], "--format", "script", "--to", str(tmp_path / "to")]) == 0
    assert capsys.readouterr().out.strip().endswith(".py")
    assert [path.suffix for path in (tmp_path / "to").iterdir()] == [".py"]


@pytest.mark.slow
def test_a_recipe_runs_with_what_was_changed_of_it(store, capsys):
    arguments = ["--recipe", "custom-cnn", "--n-train", "100", "--n-test", "20", "--epochs", "1", "--json"]
    assert main(["run", *arguments]) == 0
    config = json.loads(capsys.readouterr().out)["config"]
    assert (config["recipe"], config["backbone"], config["epochs"]) == ("custom-cnn", "CustomCNN", 1)


def test_recipes_are_listed_with_their_backbones(capsys):
    assert main(["recipes", "--json"]) == 0
    assert {each["name"]: each["backbones"][0] for each in json.loads(capsys.readouterr().out)} == {
        "notebook": "MobileNetV2",
        "custom-cnn": "CustomCNN",
        "book-as-printed": "VGG16",
        "book-corrected": "VGG16",
        "resnet152-sgd": "ResNet152",
        "distillation": "CustomCNN",
    }


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([*TUNE[:-3], "0"], "epochs is 0"),
        ([*TUNE, "--batch-size", "5000"], "batch"),
        (["run", "--recipe", "notebook", "--backbone", "VGG16"], "VGG16"),
        (["run", "--backbone", "Xception", "--input-size", "32", "--method", "finetune"], "at least 71 px"),
        (["resume", "nothing"], "There is no run 'nothing'"),
        (["export", "nothing"], "There is no run 'nothing'"),
    ],
)
def test_what_cannot_be_is_one_sentence(store, capsys, arguments, words):
    assert main(arguments) == 1
    printed = capsys.readouterr()
    assert words in printed.err
    assert "Traceback" not in printed.err


@pytest.mark.slow
def test_a_finished_run_is_not_resumed_and_nearest_neighbours_are_not_exported(store, capsys, tmp_path):
    assert main([*TINY, "--method", "knn", "--json"]) == 0
    run_id = json.loads(capsys.readouterr().out)["run_id"]
    assert main(["resume", run_id]) == 1
    assert "is finished" in capsys.readouterr().err
    assert main(["export", run_id, "--to", str(tmp_path / "to")]) == 1
    assert "nearest" in capsys.readouterr().err
    assert not [*tmp_path.glob("to/*")]


def test_an_option_that_a_benchmark_does_not_read_is_told(store, capsys):
    assert main(["bench", "clip", "--input-size", "96"]) == 1
    assert (
        "bench clip has no option --input-size. Expected some of --images, --backbone, --weights"
        in capsys.readouterr().err
    )


@pytest.mark.slow
def test_what_is_left_of_an_entry_is_resumed_or_said(store, capsys):
    entry = runs.new_entry()
    first, second = (
        runs.create(RunConfig(backbone="Tiny", n_train=100, n_test=50, seed=seed), entry=entry) for seed in (0, 1)
    )
    runs.end(first, "failed", error="No space left.")
    runs.end(second, "stopped")
    assert main(["resume", entry, "--json"]) == 0
    assert [seed["seed"] for seed in json.loads(capsys.readouterr().out)["seeds"]] == [0, 1]
    assert main(["resume", entry]) == 1
    assert f"Every run of {entry} has finished" in capsys.readouterr().err
    for run in runs.rows():
        runs.delete(run.id)
    third = runs.create(RunConfig(backbone="Tiny", n_train=100, n_test=50, seed=2), entry=entry)
    runs.end(third, "stopped")
    assert main(["resume", entry, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["run_id"] == third


@pytest.mark.slow
def test_a_damaged_checkpoint_is_said_and_the_rest_of_its_entry_is_resumed(store, capsys):
    entry = runs.new_entry()
    training = RunConfig(backbone="Tiny", n_train=100, n_test=50, method="finetune")
    damaged = runs.create(training, entry=entry)
    other = runs.create(replace(training, method="knn", seed=1), entry=entry)
    for run_id in (damaged, other):
        runs.end(run_id, "interrupted")
    checkpoints.folder(damaged).mkdir(parents=True)
    (checkpoints.folder(damaged) / "last.npz").write_bytes(b"damaged")
    assert main(["resume", entry]) == 1
    assert "last.npz is damaged" in capsys.readouterr().err
    assert (runs.get(damaged).status, runs.get(other).status) == ("interrupted", "finished")


@pytest.mark.slow
def test_a_sweep_prints_validation_accuracies_and_the_test_accuracy_of_the_chosen_run_alone(store, capsys):
    assert main([*TINY, "--method", "knn", "--vary", "neighbours=1,3", "--seeds", "2"]) == 1
    assert "Both --seeds and --vary" in capsys.readouterr().err
    assert main([*TINY, "--method", "knn", "--vary", "neighbours=1,3", "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    best = max(printed["cells"], key=lambda cell: cell["validation_accuracy"])
    assert printed["chosen"] == best["run_id"] and printed["config"]["neighbours"] == best["neighbours"]
    assert printed["accuracy"] == runs.get(best["run_id"]).tested().accuracy
    assert not any("accuracy" in cell for cell in printed["cells"])
    assert main(["runs", printed["entry"], "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)) == 2
