"""The code of a run: it is run as anybody would, in a process of its own, and gets what the run got."""

import ast
import json
import math
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from core import backbones, execute, heads, runs
from core.backbones import networks
from core.config import RunConfig
from core.data import datasets
from core.errors import RunError
from core.export.script import applications, script, snippets
from core.export.script import network as script_network
from core.training import freezing
from tests.core.backbones.hub import folder
from tests.core.backbones.siglip import folder as siglip
from tests.pictures import pictures, write_folder

TINY = {"backbone": "Tiny", "n_train": 400, "n_test": 200}
NOISE = 0.1  # of two trainings with other chance, tested on 200 images
ROOT = Path(__file__).parent.parent.parent.parent.parent


def test_every_head_has_code_that_trains_it():
    assert set(snippets.HEADS) == set(heads.METHODS)


def done(**settings) -> runs.Run:
    run_id = runs.create(RunConfig(**TINY | settings))
    assert execute.perform(run_id) == "finished", runs.get(run_id).error
    return runs.get(run_id)


RUN_EACH = """
import os, runpy, sys
import keras  # which takes seconds: once for all scripts
for line in sys.stdin:
    folder = line.rstrip()
    child = os.fork()
    if not child:
        os.chdir(folder)
        os.dup2(os.open("output", os.O_CREAT | os.O_WRONLY), 1)
        os.dup2(os.open("errors", os.O_CREAT | os.O_WRONLY), 2)
        runpy.run_path("taken.py", run_name="__main__")
        sys.exit()
    print(os.waitpid(child, 0)[1], flush=True)
"""


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[subprocess.Popen]:
    """Runs the `taken.py` of each folder that it reads, in a process of its own; Backbone Lab is not on its path."""
    command = [sys.executable, "-I", "-c", RUN_EACH]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process


def run_elsewhere(text: str, folder: Path, elsewhere: subprocess.Popen) -> tuple[float, str]:
    """What the script's last lines say its accuracy is, and all it said."""
    (folder / "taken.py").write_text(text, encoding="utf-8")
    print(folder, file=elsewhere.stdin, flush=True)
    assert elsewhere.stdout.readline() == "0\n", (folder / "errors").read_text()[-3000:]
    said = (folder / "output").read_text()
    return float(re.search(r"^accuracy ([\d.]+) \(95 % interval", said, re.M)[1]), said


def code_cells(run: runs.Run) -> list[str]:
    cells = json.loads(script.notebook(run))["cells"]
    return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("settings", "noise"),
    [
        ({}, 0.02),
        ({"method": "mlp", "epochs": 10, "preprocessing": "divide255", "input_size": 48}, 0.05),
        ({"method": "knn"}, 0.02),
        (
            {"method": "finetune", "head_epochs": 3, "epochs": 6, "learning_rate": 3e-3, "head_learning_rate": 1e-2},
            NOISE,
        ),
        (
            {
                "method": "finetune",
                "unfreeze": "all-but-batchnorm",
                "batchnorm": "training",
                "layer_decay": 0.8,
                "head_units": 16,
                "optimizer": "sgd",
                "learning_rate": 0.03,
                "schedule": "cosine",
                "epochs": 4,
                "pooling": "max",
                "weight_decay": 1e-4,
                "class_weights": "balanced",
                "label_smoothing": 0.1,
                "head_epochs": 1,
            },
            NOISE,
        ),
        (
            {"backbone": "CustomCNN", "input_size": 16, "method": "scratch", "epochs": 6, "learning_rate": 3e-3},
            NOISE,
        ),
        (
            {
                "backbone": "CustomCNN",
                "input_size": 16,
                "method": "scratch",
                "epochs": 1,
                "n_train": 200,
                "augment": "flip+crop+colour",
                "schedule": "one-cycle",
                "optimizer": "adamw",
                "precision": "mixed",
            },
            0.15,
        ),
        ({"backbone": "ToyCLIP", "pooling": "projected"}, 0.02),
        ({"backbone": "DeiTTiny", "weights": "untrained", "input_size": 32, "n_train": 200}, 0.02),
        (
            {
                "backbone": "ToyCLIP",
                "method": "finetune",
                "head_epochs": 2,
                "head_learning_rate": 1e-2,
                "epochs": 1,
                "learning_rate": 1e-4,
                "unfreeze": "blocks",
                "unfreeze_count": 2,
                "n_train": 200,
            },
            NOISE,
        ),
    ],
    ids=[
        "linear",
        "mlp",
        "knn",
        "finetune",
        "finetune-options",
        "scratch",
        "scratch-options",
        "clip",
        "vision-transformer",
        "clip-finetune",
    ],
)
def test_a_script_gets_what_the_run_got(store, tmp_path, elsewhere, monkeypatch, settings, noise):
    if settings.get("backbone") == "DeiTTiny":
        folder.shrink("DeiTTiny", monkeypatch)
    run = done(**settings)
    accuracy, said = run_elsewhere(script.python_script(run), tmp_path, elsewhere)
    assert abs(accuracy - run.outcome.accuracy) <= noise
    assert "test images: those of the run" in said
    assert f"the run: {run.outcome.accuracy:.4f}" in said
    if run.outcome.trainable_params and run.config.method == "finetune":
        positions = 65 if run.config.backbone == "ToyCLIP" else 0  # KerasHub counts their ids as parameters
        total = run.outcome.total_params - positions
        assert f"{run.outcome.trainable_params:,} of {total:,} parameters" in said


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "pooling"),
    [("DeiTTiny", "class"), ("DINOv2Small", "patches"), ("SwinTiny", "max"), ("SigLIP2B16", "attention")],
)
def test_the_script_of_a_vision_transformer_reads_its_folder_and_resizes_its_positions(
    store, tmp_path, elsewhere, monkeypatch, name, pooling
):
    if name == siglip.NAME:
        siglip.shrink(monkeypatch)
        siglip.written(tmp_path / "folder")
    else:
        folder.written(tmp_path / "folder", folder.shrink(name, monkeypatch))
    run = done(backbone=name, weights=str(tmp_path / "folder"), input_size=32, pooling=pooling)
    text = script.python_script(run)
    assert "keras_hub" not in text
    assert abs(run_elsewhere(text, tmp_path, elsewhere)[0] - run.outcome.accuracy) <= 0.02


@pytest.mark.slow
def test_a_fine_tune_from_a_probe_trains_that_head_first(store, tmp_path, elsewhere):
    probe = done()
    run = done(method="finetune", start=probe.id, epochs=2, learning_rate=1e-4)
    text = script.python_script(run)
    assert text.index("head.train_on_batch(") < text.index("network.trainable = True")
    assert abs(run_elsewhere(text, tmp_path, elsewhere)[0] - run.outcome.accuracy) <= NOISE


@pytest.mark.slow
def test_an_imported_folder_is_read_as_it_was_imported(store, tmp_path, elsewhere):
    write_folder(tmp_path / "pets", pictures(14, classes=("cats", "dogs", "fish")))
    dataset = datasets.import_images(tmp_path / "pets")
    run = done(dataset=dataset.name, n_train=0, n_test=0)
    accuracy, said = run_elsewhere(script.python_script(run), tmp_path, elsewhere)
    assert "those of the run" in said
    assert abs(accuracy - run.outcome.accuracy) <= NOISE


@pytest.mark.slow
def test_a_notebook_is_valid_and_has_the_code_of_the_script(store):
    run = done()
    book, text = json.loads(script.notebook(run)), script.python_script(run)
    assert (book["nbformat"], book["nbformat_minor"]) == (4, 5)
    assert book["metadata"]["kernelspec"]["name"] == "python3"
    assert len({cell["id"] for cell in book["cells"]}) == len(book["cells"])
    for cell in book["cells"]:
        keys = {"cell_type", "id", "metadata", "source"}
        assert set(cell) == keys | ({"execution_count", "outputs"} if cell["cell_type"] == "code" else set())
        assert isinstance(cell["source"], list)
    whole = ast.parse(text)
    whole.body.pop(0)  # the docstring, which is a cell of words
    assert ast.dump(ast.parse("\n\n".join(code_cells(run)))) == ast.dump(whole)


@pytest.mark.slow
def test_a_script_imports_keras_and_numpy_alone_and_fits_on_a_projector(store):
    text = script.python_script(done())
    imported = {
        name.split(".")[0]
        for node in ast.walk(ast.parse(text))
        for name in (
            [a.name for a in node.names] if isinstance(node, ast.Import) else [getattr(node, "module", "") or ""]
        )
        if isinstance(node, ast.Import | ast.ImportFrom)
    }
    assert imported == {"keras", "numpy", "zlib"}
    assert max(map(len, text.splitlines())) <= 120


@pytest.mark.slow
def test_a_zero_shot_run_has_no_script_and_says_why(store):
    run = done(backbone="ToyCLIP", method="zero-shot", n_train=0, n_test=20)
    with pytest.raises(RunError, match=r"zero-shot.*text tower.*Take the Keras file"):
        script.python_script(run)


def test_weights_that_take_another_library_to_read_make_no_script(tmp_path):
    folder = tmp_path / "preset"
    folder.mkdir()
    for name in ("config.json", "model.weights.h5"):
        (folder / name).write_text("{}")
    config = RunConfig(backbone="CLIPViTB32", weights=str(folder))
    with pytest.raises(RunError, match=r"not one safetensors file.*NumPy alone.*clip-vit-base-patch32"):
        script_network.constants(SimpleNamespace(config=config, outcome=None))


@pytest.mark.slow
def test_the_freeze_plan_is_a_slice_from_the_end(store):
    run = done(method="finetune", epochs=1, head_epochs=1, unfreeze="layers", unfreeze_count=1)
    assert "network.layers[:-2]:  # all but the last 1, and the pooling" in script.python_script(run)


@pytest.mark.slow
@pytest.mark.parametrize("backbone", ["MobileNetV2", "InceptionV3", "NASNetMobile", "ConvNeXtTiny"])
def test_the_slice_of_the_last_blocks_trains_what_the_run_trained(monkeypatch, backbone):
    config = RunConfig(backbone=backbone, method="finetune", weights="untrained", unfreeze="blocks", unfreeze_count=2)
    frozen = freezing.describe(config)
    monkeypatch.setattr(runs, "frozen", lambda run_id: frozen)
    network = backbones.outline(backbone, input_size=config.input_size)
    outcome = SimpleNamespace(total_params=0, weight_layers=0)
    pieces = script_network.pieces(SimpleNamespace(config=config, id="", tested=lambda: outcome))
    (code,) = (code for title, _, code in pieces if title == "What is unfrozen")
    exec(code, {"network": network, "np": np})
    trains = sum(math.prod(weight.shape) for weight in network.trainable_weights)
    assert trains == frozen.trainable_params


@pytest.mark.parametrize(
    ("backbone", "pooling"),
    [
        *(
            pytest.param(*case, marks=pytest.mark.slow)
            for case in (
                ("ConvNeXtTiny", "avg"),
                ("ConvNeXtTiny", "norm-max"),
                ("TextbookConvNeXtTiny", "max"),
                ("TextbookConvNeXtTiny", "norm-avg"),
            )
        ),
        ("ResNet20", "avg"),
        ("Tiny", "avg"),
    ],
)
def test_the_code_of_a_network_gives_the_features_of_the_program(backbone, pooling):
    import keras

    config = RunConfig(backbone=backbone, weights="untrained", input_size=64, pooling=pooling)
    code = [networks.source(networks.OWN[backbone])] if backbone in networks.OWN else []
    code += applications.built(config, backbones.get(backbone))
    names = {"keras": keras, "INPUT_SIZE": 64}
    exec("\n".join(code), names)
    theirs, ours = names["network"], backbones.load(backbone, input_size=64, weights="untrained", pooling=pooling)
    random = np.random.default_rng(0)
    for variable, other in zip(ours.variables, theirs.variables, strict=True):
        value = np.asarray(variable)
        if variable.name == "gamma" or "scale" in variable.path:  # ConvNeXt's LayerScale starts near 0
            value = random.uniform(0.5, 1.5, value.shape).astype(np.float32)
        variable.assign(value)
        other.assign(value)
    images = random.uniform(0, 255, (2, 64, 64, 3)).astype(np.float32)
    np.testing.assert_allclose(np.asarray(theirs(images)), np.asarray(ours(images)), rtol=1e-4, atol=1e-4)
    assert [type(layer) for layer in theirs.layers] == [type(layer) for layer in ours.layers]  # so slices are the same


def test_keras_takes_the_weights_that_the_run_took():
    def weights(**settings):
        config = RunConfig(**settings)
        return applications.weights(config, backbones.get(config.backbone))

    assert "224_no_top.h5" in weights(backbone="MobileNetV2", input_size=96)  # Keras itself has others for 96 px
    assert weights(backbone="ResNet50") is None
    assert "efficientnet_lite0.weights.h5" in weights()
    assert weights(backbone="Tiny") is None


def test_every_own_network_is_written_out_with_what_it_needs():
    for name, function in networks.OWN.items():
        source = networks.source(function)
        namespace = {}
        exec(compile(source, name, "exec"), namespace)
        assert callable(namespace[function.__name__])
    assert "_LITE0_STAGES = (" in networks.source(networks.efficientnet_lite0)


def test_a_run_without_a_result_has_no_code(store):
    run_id = runs.create(RunConfig(**TINY))
    with pytest.raises(RunError, match="nothing to repeat"):
        script.python_script(runs.get(run_id))


@pytest.mark.slow
def test_a_class_name_is_a_literal_whatever_it_holds(store, tmp_path):
    names = [
        "golden retriever dog",
        'say "cheese"',
        "it's",
        "back\\slash",
        "a, b",
        "x" * 90,
        "[]",
        "{n}",
        "%s #",
        "Käfer",
    ]
    some = pictures(10, classes=("cats",))
    write_folder(
        tmp_path / "odd", {f"{name}/{Path(file).name}": image for name in names for file, image in some.items()}
    )
    dataset = datasets.import_images(tmp_path / "odd")
    run = done(dataset=dataset.name, method="knn", n_train=0, n_test=0)
    for code in (script.python_script(run), "".join(_code_cells(script.notebook(run)))):
        assigned = [node for node in ast.parse(code).body if ast.unparse(node).startswith("CLASS_NAMES =")]
        assert [ast.literal_eval(node.value) for node in assigned] == [list(dataset.class_names)]
    assert set(dataset.class_names) == set(names)


def _code_cells(notebook: str) -> list[str]:
    return ["".join(cell["source"]) + "\n" for cell in json.loads(notebook)["cells"] if cell["cell_type"] == "code"]
