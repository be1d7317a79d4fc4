"""Photos, predictions for them, and explanations; computed by the worker."""

import numpy as np
import streamlit as st

from core.data import images
from core.explain import activations as core_activations
from core.explain import gradcam, imagenet, predict
from core.explain.activations import Seen
from core.explain.predict import Answer
from dashboard.server.once import once
from dashboard.server.tasks import Answers

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


def answer(model: str, photo: np.ndarray, digest: str) -> Answer | None:
    """`predict.answer`; None while the worker computes it.

    Args:
        digest: Identifies the photo.

    Raises:
        LabError: The model cannot answer.
    """
    return _answers().get((model, digest), predict.answer, model, photo)


def answering(model: str, digest: str) -> bool:
    """Whether `answer` is still being computed."""
    return _answers().pending((model, digest))


def grad_cam(run_id: str, row: int, image: np.ndarray, class_index: int | None) -> tuple[np.ndarray, np.ndarray] | None:
    """`gradcam.explain` for an image of the run's dataset; None while the worker computes it.

    Raises:
        LabError: The run cannot be explained.
    """
    return _grad_cam().get((run_id, row, class_index), gradcam.explain, run_id, image, class_index)


def forget_grad_cam() -> None:
    """Compute heat maps again: a run has been resumed."""
    _grad_cam().clear()


def activations(backbone: str, photo: np.ndarray, digest: str, input_size: int) -> Seen | None:
    """`activations.see`; None while the worker computes it.

    Args:
        digest: Identifies the photo.

    Raises:
        LabError: The network is unknown or does not accept this size.
    """
    question = (backbone, digest, input_size, weights(backbone))
    return _activations().get(question, core_activations.see, backbone, photo, input_size)


@st.cache_data(ttl=5, show_spinner=False)
def weights(backbone: str) -> str:
    """`activations.weights_here`: which weights the network would have."""
    return core_activations.weights_here(backbone)


@once
def _answers() -> Answers:
    return Answers(keep=256)


@once
def _grad_cam() -> Answers:
    return Answers(keep=128, failure="Grad-CAM failed")


@once
def _activations() -> Answers:
    return Answers(keep=24, patience=0.4)  # half a megabyte each
