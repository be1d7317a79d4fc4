"""Runs in the terminal: performed, as seeds or a sweep, resumed, listed."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from core import heads, runs
from core.cli.commands import main
from core.config import RunConfig
from core.training import checkpoints

ROOT = Path(__file__).parent.parent.parent.parent
TINY = ["run", "--backbone", "Tiny", "--n-train", "100", "--n-test", "50"]
TUNE = [*TINY, "--method", "finetune", "--unfreeze", "all", "--epochs", "2", "--head-epochs", "1"]


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


@pytest.mark.parametrize("option", ["templates", "classes"])
def test_empty_words_are_refused_and_not_taken_for_the_default(store, capsys, option):
    assert main(["run", "--backbone", "ToyCLIP", "--method", "zero-shot", f"--{option}", ""]) == 1
    assert f"The {option} are empty" in capsys.readouterr().err


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
