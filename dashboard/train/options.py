"""Everything about a run that is folded away under More: defaults that suit most, each with what it does beside it."""

from collections.abc import Callable

import pandas as pd
import streamlit as st

from core import backbones, heads
from core.backbones.clip import towers
from core.config import AUGMENTATIONS, OWN_DEFAULTS, PREPROCESSINGS, TRAIN_SPLITS, TRAINED, RunConfig
from core.errors import LabError
from dashboard import server
from dashboard.state import address
from dashboard.train import augmentation, lr_finder, option_effects
from dashboard.ui import choices

FREE = ("dataset", "n_train", "n_test", "seed", "weights")  # what a recipe leaves to whoever follows it

SPLITS = dict(zip(TRAIN_SPLITS, ("All training images", "The book's 20 %", "The book's other 80 %"), strict=True))
PIXELS = dict(zip(PREPROCESSINGS, ("As the backbone wants them", "Divided by 255, the book's mistake"), strict=True))
WEIGHTS = {"imagenet": "Published", "untrained": "Untrained"}  # or a path
POOLINGS = {"avg": "Average", "max": "Maximum", "flatten": "Flatten"}
OF_CLIP = {"avg": "Before the projection", "projected": "After it, where texts lie"}  # features of a CLIP
AUGMENT = dict(zip(AUGMENTATIONS, ("Flip", "Crop", "Colour"), strict=True))
BATCHNORM = {"inference": "Inference: statistics stay", "training": "Training: statistics move"}
OPTIMIZERS = {"adam": "Adam", "adamw": "AdamW", "sgd": "SGD"}
SCHEDULES = {"constant": "Constant", "cosine": "Cosine", "one-cycle": "One cycle"}
CLASS_WEIGHTS = {"none": "All images count the same", "balanced": "Rare classes count more"}
PRECISIONS = {"auto": "Automatic", "float32": "float32", "mixed": "Mixed"}
STARTS = ("linear", "linear-adam", "mlp")  # probes whose head a fine-tune can start from
OF_HEADS = {  # of a probe: label, least, most, step
    "epochs": ("Epochs", 1, 1000, 1),
    "batch_size": ("Batch size", 1, 8192, 32),
    "learning_rate": ("Learning rate", 1e-6, 10.0, 1e-4),
    "strength": ("L2 strength, 0 for automatic", 0.0, 1e6, 1e-4),
    "neighbours": ("Neighbours, 0 for automatic", 0, 1000, 1),
    "hidden": ("Hidden units", 1, 8192, 64),
}


def pooling(backbone: str) -> str:
    """A widget for how the last feature map becomes one vector; of a CLIP, on which side of its projection."""
    is_clip = backbone in towers.SHAPES
    titles = OF_CLIP if is_clip else POOLINGS
    if st.session_state.get("pooling") not in titles:  # it was chosen for the other kind of network
        st.session_state.pop("pooling", None)
    label, said = "Pooling", "How the places of the last feature map become one vector"
    if is_clip:
        label = "CLIP's features"
        said = "Its class token: as papers probe it, or as it is compared with texts, in fewer numbers"
    return choices.titled(st.selectbox, "pooling", label, titles, help=said)


class More:
    """The widgets of one script run: `fields` is what they say, `explain` writes under each what that does."""

    def __init__(self, method: str, dataset: str, backbone: str):
        self.method, self.dataset, self.backbone = method, dataset, backbone
        self.fields: dict = {}
        self._slots: dict = {}

    def show(self) -> dict:
        """Draw them; returns the fields of a `RunConfig`."""
        if self.method not in TRAINED:
            self._data()
            self._head()
            self._pooling()
            return self.fields
        images, network, training = st.tabs(["Images", "Network", "Training"])
        with images:
            self._data()
            self.fields["augment"] = address.several("augment", "Change training images at random", AUGMENT)
            self._slot("augment")
        with network:
            self._network()
        with training:
            self._training()
        return self.fields

    def explain(self, config: RunConfig, n_train: int) -> None:
        """Write under each widget what its value does to this run."""
        try:
            counts = server.datasets.dataset(config.dataset).labels
        except LabError:
            return
        counts = pd.Series(counts).value_counts()
        for name, slot in self._slots.items():
            if name == "augment":
                if config.augment:
                    with slot.container():
                        augmentation.show(config)
            elif name == "schedule":
                with slot.container():
                    lr_finder.show_schedule(config)
            elif name == "finder":
                with slot.container():
                    lr_finder.show(config)
            elif said := option_effects.effect(name, config, n_train, counts.tolist()):
                slot.caption(said)

    def _data(self) -> None:
        left, right = st.columns(2)
        with left:
            self._number("input_size", "Input size in px, 0 for its own", 0, 0, 1024, step=32)
            self._number("n_train", "Training images, 0 for all", 0, 0, 10_000_000, step=100)
            self._number("n_test", "Test images, 0 for all", 0, 0, 10_000_000, step=100)
        with right:
            if self.method != "scratch":
                self._titled("weights", "Weights, or a file's path", WEIGHTS, accept_new_options=True)
            self._titled("train_split", "Train on", SPLITS)
            self._number("seed", "Seed", 0, 0, 2**31 - 1)
        self._titled("preprocessing", "Pixels", PIXELS)

    def _head(self) -> None:
        columns = st.columns(2)
        for i, name in enumerate(name for name in OF_HEADS if name in heads.METHODS[self.method].options):
            with columns[i % 2]:
                label, least, most, step = OF_HEADS[name]
                self._number(name, label, getattr(heads.Options, name), least, most, step=step, scope="head")

    def _network(self) -> None:
        left, right = st.columns(2)
        with left:
            self._pooling()
            self._number("dropout", "Dropout", 0.2, 0.0, 0.95, step=0.1)
            self._number("head_units", "Hidden units in the head", 0, 0, 4096, step=64)
        if self.method == "scratch":
            return
        with right:
            self._titled("start", "The head starts from", {"": "Its own epochs"} | self._starts())
            if not self.fields["start"]:
                self._number("head_epochs", "Epochs of the head alone", 5, 0, 200)
                self._number("head_learning_rate", "Learning rate of the head alone", 1e-3, 1e-7, 10.0, step=1e-4)
        self._titled("batchnorm", "BatchNorm of the backbone", BATCHNORM)

    def _pooling(self) -> None:
        self.fields["pooling"] = pooling(self.backbone)
        self._slot("pooling")

    def _training(self) -> None:
        usual, scope = OWN_DEFAULTS[self.method], self.method
        left, right = st.columns(2)
        with left:
            self._number("epochs", "Epochs", usual["epochs"], 1, 1000, scope=scope)
            self._number("learning_rate", "Learning rate", usual["learning_rate"], 1e-7, 10.0, scope=scope,
                         step=usual["learning_rate"])  # fmt: skip
            self._titled("optimizer", "Optimizer", OPTIMIZERS)
            if self.fields["optimizer"] == "sgd":
                self._number("momentum", "Momentum", 0.9, 0.0, 0.999, step=0.05)
            self._number("label_smoothing", "Label smoothing", 0.0, 0.0, 0.9, step=0.05)
            self._titled("class_weights", "Classes", CLASS_WEIGHTS)
        with right:
            self._number("batch_size", "Batch size", usual["batch_size"], 1, 8192, step=16, scope=scope)
            self._titled("schedule", "Schedule", SCHEDULES)
            self._number("weight_decay", "Weight decay", 0.0, 0.0, 1.0, step=1e-3)
            self._number("patience", "Stop early after epochs, 0: never", 0, 0, 100)
            self._titled("precision", "Precision", PRECISIONS)
        self._slot("finder")

    def _starts(self) -> dict[str, str]:
        """Finished probes whose head fits, by run id."""
        if not server.engine.store_open():
            return {}
        table = server.runs.runs_table()
        fits = table[
            (table["status"] == "finished")
            & table["method"].isin(STARTS)
            & (table["backbone"] == self.backbone)
            & (table["dataset"] == self.dataset)
            & (table["input_size"] == (self.fields.get("input_size") or self._default_size()))
        ]
        return {run["run_id"]: choices.run_title(run) for _, run in fits.iterrows()}

    def _default_size(self) -> int:
        try:
            return backbones.get(self.backbone).default_size
        except LabError:
            return 0

    def _number(self, name: str, label: str, default, least, most, *, scope: str = "", **shown) -> None:
        self.fields[name] = address.number(
            st.number_input, name, label, default=default, least=least, most=most, scope=scope, **shown
        )
        self._slot(name)

    def _titled(self, name: str, label: str, titles: dict[str, str], **shown) -> None:
        widget: Callable = st.selectbox
        self.fields[name] = choices.titled(widget, name, label, titles, **shown)
        self._slot(name)

    def _slot(self, name: str) -> None:
        self._slots[name] = st.empty()
