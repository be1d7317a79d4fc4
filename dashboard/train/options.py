"""The settings of a run under More: each has a sensible default and a note on its effect."""

from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from core import backbones, heads, options, seeds
from core.config import AUGMENTATIONS, HEAD_DEFAULTS, OWN_DEFAULTS, POOLINGS, TRAINED, RunConfig
from core.errors import LabError
from core.recipes import RECIPES
from dashboard import server
from dashboard.state import address, server_paths
from dashboard.train import augmentation, lr_finder, option_effects
from dashboard.ui import choices

FREE = ("dataset", "n_train", "n_test", "seed", "weights")  # what a recipe leaves open

WEIGHTS = {"imagenet": "Published", "untrained": "Untrained"}  # or a path
HEAD_WIDGETS = {  # of a probe, whose defaults and steps differ from a fine-tune's
    "epochs": {"default": HEAD_DEFAULTS["epochs"]},
    "batch_size": {"default": HEAD_DEFAULTS["batch_size"], "step": 32},
    "learning_rate": {"default": HEAD_DEFAULTS["learning_rate"], "least": 1e-6, "step": 1e-4},
}


def weights() -> str:
    """A widget for the weights of a backbone: by name, or a path for visitors who may enter paths on the server."""
    label, paths = options.of(RunConfig)["weights"].label, server_paths.allowed()
    help = None if paths else server_paths.why_not()
    chosen = choices.titled(st.selectbox, "weights", label, WEIGHTS, accept_new_options=paths, help=help)
    return chosen if paths or chosen in WEIGHTS else next(iter(WEIGHTS))  # a message may say what no browser offers


def pooling(backbone: str) -> str:
    """A widget for how the last feature map becomes one vector; for CLIP, before or after its projection."""
    spec = backbones.get(backbone)
    titles = {name: POOLINGS[name] for name in spec.poolings}
    help = "How the positions of the last feature map become one vector"
    if "projected" in spec.poolings:
        titles = {"avg": "Before the projection", "projected": "After it, where texts lie"}
        help = "The class token: before the projection, as papers probe it, or after it, where texts are compared"
    elif spec.has_tokens:
        titles = {("avg" if name == spec.poolings[0] else name): POOLINGS[name] for name in spec.poolings}
        help = f"How its tokens become one vector: {titles['avg'].lower()}, as in the paper, or the mean of all patches"
    label = "CLIP's features" if "projected" in spec.poolings else "Pooling"
    return choices.titled(st.selectbox, "pooling", label, titles, help=help)


class More:
    """The widgets of one script run: `fields` holds their values, `explain` writes the effect of each below it."""

    def __init__(self, method: str, dataset: str, names: Sequence[str], recipe: str = ""):
        self.method, self.dataset, self.backbone = method, dataset, names[0] if names else ""
        self.taught = recipe in RECIPES and RECIPES[recipe].taught
        self.cached_size = 0  # pixels: the default, where features are cached at another size than the backbone's own
        if method != "scratch" and not recipe:
            self.cached_size = server.backbones.cached_size(dataset, tuple(names))
        self.seeds = 1  # runs that differ only in their seed
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
            label = options.of(RunConfig)["augment"].label
            self.fields["augment"] = address.several("augment", label, AUGMENTATIONS)
            self._slot("augment")
        with network:
            self._network()
        with training:
            self._training()
        return self.fields

    def explain(self, config: RunConfig, n_train: int) -> None:
        """Write under each widget what its value does to this run."""
        try:
            counts = server.datasets.get(config.dataset).labels
        except LabError:
            return
        counts = pd.Series(counts).value_counts()
        if self.cached_size == config.input_size:
            self._slots["input_size"].caption("The features of these images are cached at this size")
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
            elif sentence := option_effects.effect(name, config, n_train, counts.tolist()):
                slot.caption(sentence)

    def _data(self) -> None:
        left, right = st.columns(2)
        with left:
            # A widget for each default, so that the size of one backbone is not kept for the next.
            self._option("input_size", default=self.cached_size, scope=str(self.cached_size or ""))
            for name in ("n_train", "n_test"):
                self._option(name)
        with right:
            if self.method != "scratch":
                self.fields["weights"] = weights()
            self._option("train_split")
            self._option("seed")
            self.seeds = address.number(st.number_input, "seeds", "Seeds", default=1, least=1, most=seeds.MOST)
            self._slot("seeds")
        self._option("preprocessing")

    def _head(self) -> None:
        columns = st.columns(2)
        names = [name for name in heads.METHODS[self.method].options if name != "seed"]
        for i, name in enumerate(names):
            with columns[i % 2]:
                self._option(name, scope="head", **HEAD_WIDGETS.get(name, {}))

    def _network(self) -> None:
        left, right = st.columns(2)
        with left:
            self._pooling()
            self._option("dropout")
            self._option("head_units")
        if self.method == "scratch":
            return
        with right:
            titles = {"": "Its own epochs"} | self._starts()
            self.fields["start"] = choices.titled(st.selectbox, "start", "The head starts from", titles)
            if not self.fields["start"]:
                self._option("head_epochs")
                self._option("head_learning_rate")
        self._option("batchnorm")

    def _pooling(self) -> None:
        if self.backbone in backbones.BACKBONES:  # a link may name an unknown one, which the config will reject
            self.fields["pooling"] = pooling(self.backbone)
        self._slot("pooling")

    def _training(self) -> None:
        usual, scope = OWN_DEFAULTS[self.method], self.method
        left, right = st.columns(2)
        with left:
            self._option("epochs", default=usual["epochs"], scope=scope)
            rate = usual["learning_rate"]
            self._option("learning_rate", default=rate, step=rate, scope=scope)
            if self.method == "finetune":
                self._option("layer_decay")
            self._option("optimizer")
            if self.fields["optimizer"] == "sgd":
                self._option("momentum")
            self._option("label_smoothing")
            self._option("class_weights")
            self._teacher()
        with right:
            self._option("batch_size", default=usual["batch_size"], scope=scope)
            for name in ("schedule", "weight_decay", "patience", "precision"):
                self._option(name)
        self._slot("finder")

    def _teacher(self) -> None:
        teachers = self._teachers()
        titles = teachers if self.taught and teachers else {"": "None: the labels alone"} | teachers
        help = "A finished run on the same images. The network learns its answers too: which wrong classes are likely"
        self.fields["teacher"] = choices.titled(st.selectbox, "teacher", "Teacher", titles, help=help)
        if self.fields["teacher"]:
            self._option("temperature")
            self._option("teacher_weight")

    def _teachers(self) -> dict[str, str]:
        """Finished runs on this dataset that have a network, by run id; the best on validation images first."""
        able = [
            run
            for run in server.runs.rows()
            if run.status == "finished"
            and not run.members
            and heads.has_layers(run.config.method)
            and run.config.dataset == self.dataset
        ]
        able.sort(key=lambda run: run.validation_accuracy if run.validation_accuracy > 0 else 0, reverse=True)
        return choices.run_titles(able)

    def _starts(self) -> dict[str, str]:
        """Finished probes whose head fits, by run id."""
        size = self.fields.get("input_size") or self._default_size()
        return choices.run_titles(
            run
            for run in server.runs.rows()
            if run.status == "finished"
            and run.config.method in heads.WITH_LAYERS
            and run.config.backbone == self.backbone
            and run.config.dataset == self.dataset
            and run.config.input_size == size
        )

    def _default_size(self) -> int:
        try:
            return backbones.get(self.backbone).default_size
        except LabError:
            return 0

    def _option(self, name: str, *, scope: str = "", **changes: Any) -> None:
        self.fields[name] = choices.option(RunConfig, name, scope=scope, **changes)
        self._slot(name)

    def _slot(self, name: str) -> None:
        self._slots[name] = st.empty()
