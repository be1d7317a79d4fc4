"""Photos, predictions for them, and explanations; computed by the worker."""

import numpy as np
import streamlit as st

from core import runs
from core.data import images
from core.errors import LabError
from core.explain import activations as core_activations
from core.explain import attribution, faithfulness, imagenet, predict
from core.explain import shortcut as core_shortcut
from core.explain.activations import Seen
from core.explain.faithfulness import Faithfulness
from core.explain.predict import Answer
from core.explain.shortcut import Shortcut
from dashboard.server import tasks
from dashboard.server.once import once
from dashboard.server.seen import seen
from dashboard.server.tasks import Answers, Task

ENOUGH = 1024  # pixels of the shorter side; no network sees more


@st.cache_data(max_entries=16, show_spinner=False)
def picture(file: bytes, name: str = "the photo") -> np.ndarray:
    """A photo (h, w, 3) uint8 from the bytes of a file.

    Raises:
        DatasetError: It is not an image, or an unsafe one.
    """
    return images.decode(file, name=name, enough=ENOUGH)


@st.cache_data(ttl=5, show_spinner=False)
def classifiers() -> list[str]:
    """`imagenet.here`: the published ImageNet classifiers on this machine."""
    return imagenet.here()


@seen
def answer(model: str, photo: np.ndarray, digest: str) -> Answer | None:
    """`predict.answer`; None while the worker computes it.

    Args:
        digest: Identifies the photo.

    Raises:
        LabError: The model cannot answer.
    """
    return _answers().get((model, digest), predict.answer, model, photo)


@seen
def answering(model: str, digest: str) -> bool:
    """Whether `answer` is still being computed."""
    return _answers().pending((model, digest))


@seen
def live(models: tuple[str, ...], photo: np.ndarray, digest: str) -> list[Answer | LabError] | None:
    """`predict.glances` at a photo of many in a row; None while the worker computes it, or others' photos.

    Args:
        digest: Identifies the photo.

    Raises:
        LabError: The worker cannot be asked.
    """
    return _live().get((models, digest), predict.glances, models, photo)


@seen
def looking(models: tuple[str, ...], digest: str) -> bool:
    """Whether `live` is still being computed."""
    return _live().pending((models, digest))


@seen
def why(model: str, method: str, photo: np.ndarray, digest: str) -> tuple[np.ndarray, np.ndarray] | None:
    """`predict.explain`; None while the worker computes it.

    Args:
        digest: Identifies the photo.

    Raises:
        LabError: The model cannot explain its answer by this method.
    """
    return _heats().get((model, method, digest), predict.explain, model, method, photo)


@seen
def explaining(model: str, method: str, digest: str) -> bool:
    """Whether `why` is still being computed."""
    return _heats().pending((model, method, digest))


@seen
def heat(run_id: str, method: str, row: int, image: np.ndarray, class_index: int) -> np.ndarray | None:
    """`attribution.explain` for an image of the run's dataset; None while the worker computes it.

    Raises:
        LabError: The run cannot be explained by this method.
    """
    question = (run_id, method, row, class_index)
    return _heats().get(question, attribution.explain, run_id, method, image, class_index)


def forget_heats() -> None:
    """Compute heat maps again: a run has been resumed."""
    _heats().clear()


@seen
def faithful(run_id: str) -> tuple[Faithfulness, ...] | None:
    """`faithfulness.find`: how far a run's explanations can be trusted, if that was measured."""
    return faithfulness.find(runs.get(run_id))


@seen
def check(run_id: str) -> Task:
    """Measures how far a run's explanations can be trusted."""
    return Task(
        tasks.name("faithfulness", run_id), faithfulness.measure, (run_id,), failure="The maps cannot be checked"
    )


@seen
def shortcut(run_id: str) -> Shortcut | None:
    """`shortcut.find`: how far a run relies on the background, if that was measured."""
    return core_shortcut.find(run_id)


@seen
def other_backgrounds(run_id: str) -> Task:
    """Measures how far a run relies on the background."""
    name = tasks.name("shortcut", run_id)
    return Task(name, core_shortcut.measure, (run_id,), failure="The run cannot be tested on other backgrounds")


def activations(backbone: str, photo: np.ndarray, digest: str, input_size: int) -> Seen | None:
    """`activations.see`; None while the worker computes it.

    Args:
        digest: Identifies the photo.

    Raises:
        LabError: The network is unknown or does not accept this size.
    """
    question = (backbone, digest, input_size, weights(backbone))
    return _activations().get(question, core_activations.see, backbone, photo, input_size)


@st.cache_data(ttl=5, max_entries=128, show_spinner=False)
def weights(backbone: str) -> str:
    """`activations.weights_here`: which weights the network would have."""
    return core_activations.weights_here(backbone)


@once
def _answers() -> Answers:
    return Answers(keep=256)


@once
def _live() -> Answers:
    # Its own: a minute of photos would push all other answers out. Other short questions need the thread as well.
    return Answers(most=2, patience=1.0)


@once
def _heats() -> Answers:
    return Answers(keep=256, failure="The image cannot be explained")


@once
def _activations() -> Answers:
    return Answers(keep=24, patience=0.4)  # half a megabyte each
