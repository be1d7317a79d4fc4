"""What the program answers with KERAS_BACKEND=jax, in a process of its own: `python -m tests.core.jax_answers FILE`."""

import json
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from core import execute, export, keras_defaults, maps, runs, settings
from core.config import RunConfig
from core.curriculum import vanishing_gradients
from core.data import datasets
from core.embeddings import Source
from core.errors import LabError, Paused
from core.explain import attribution, gradcam, gradients
from core.features import Encoder, compiled, extract
from core.runs import models
from core.training import losses

LITE = Encoder("EfficientNetLite0", input_size=64)
ROWS = np.arange(40)
OTHER, MORE = Encoder("Tiny", "untrained", 16), np.arange(1, 18)  # another number of images
MAP = maps.MapConfig(Source(backbone="EfficientNetLite0", input_size=64, images="test", n_images=40), method="pca")
PROBE = RunConfig(backbone="EfficientNetLite0", input_size=64, n_train=60, n_test=20)
TRAINED = RunConfig(
    backbone="Tiny",
    method="finetune",
    input_size=32,
    n_train=60,
    n_test=20,
    epochs=2,
    batch_size=16,
    learning_rate=5e-3,
    head_epochs=1,
    unfreeze="all",
    layer_decay=0.8,
)


def perform(config: RunConfig, pause_at: int = 0) -> str:
    """The id of a finished run; it is paused once, and resumed, when `pause_at` images of its fine-tune are done."""

    def pause(progress) -> None:
        stages.append(progress.stage)
        if progress.stage == "finetune" and progress.done >= pause_at:
            raise Paused

    run_id = runs.create(config)
    if pause_at:
        assert execute.perform(run_id, pause) == "paused"
        runs.resume(run_id)
    status = execute.perform(run_id, lambda progress: stages.append(progress.stage))
    assert status == "finished", runs.get(run_id).error
    return run_id


def probabilities(run_id: str) -> np.ndarray:
    return runs.predictions(run_id).filter(regex=r"^p_\d+$").to_numpy()


def exported(run_id: str, format: str) -> str:
    """The path of an export, or why there is none."""
    try:
        return str(export.export(run_id, format, Path(sys.argv[1]).parent))
    except LabError as error:
        return str(error)


def compilations(work: Callable[[], object]) -> int:
    """How many functions JAX compiles meanwhile, or reads from its cache."""
    import jax

    events: list[str] = []
    jax.monitoring.register_event_duration_secs_listener(lambda event, *_, **__: events.append(event))
    work()
    return sum("backend_compile" in event for event in events)


def kept() -> int:
    """How many files hold what JAX has compiled."""
    return len(list(settings.folder(keras_defaults.COMPILED).iterdir()))


def kept_after(network: Any) -> int:
    """The same once the function that gives the features of a network has been compiled."""
    forward = compiled.compile(
        lambda: (network, {}), image_size=32, input_size=16, mode="tf", precision="float32", identity={}
    )
    forward.function(np.zeros((3, 32, 32, 3), np.uint8))
    return kept()


def slopes(logits: list[float], label: list[float]) -> np.ndarray:
    """The gradient of the loss of one image."""
    from keras import ops

    def loss(x):
        return ops.sum(losses.cross_entropy(np.array([label], np.float32), ops.softmax(x))), None

    return gradients.gradient(loss, np.array([logits], np.float32))[0][0]


stages: list[str] = []

if __name__ == "__main__":
    sample = datasets.load(datasets.SAMPLE)
    probe, whole, resumed = perform(PROBE), perform(TRAINED), perform(TRAINED, pause_at=80)
    heat, first = gradcam.explain_model(models.load(whole), sample.images[0])
    networks = [compiled.network(OTHER, seed=seed) for seed in (1, 2)]
    norms = vanishing_gradients.measure(3, seeds=1).gradients
    answers = {
        "features": extract(sample, ROWS, LITE).values,
        "probe": probabilities(probe),
        "whole": probabilities(whole),
        "resumed": probabilities(resumed),
        "heat": heat,
        "integrated": attribution.explain(whole, "integrated-gradients", sample.images[0], 3),
        "first": first,
        "map": maps.compute(MAP).positions,
        "slopes": slopes([30, 0], [0, 1]),
        "norms": np.array([norms["plain"], norms["residual"]]),
    }
    texts = {
        "stages": stages,
        "exported": {format: exported(whole, format) for format in export.FORMATS},
        "losses": runs.curves(whole).query("metric == 'loss'")["value"].tolist(),
        "compilations": [compilations(partial(extract, sample, rows, OTHER)) for rows in (ROWS, ROWS[-1] + MORE)],
        "kept": [kept(), *map(kept_after, networks)],
        "openvino": "openvino" in sys.modules,
    }
    np.savez(sys.argv[1], texts=np.array(json.dumps(texts)), **answers)
