"""A source with its dataset, run and encoder: which rows, which vectors, and what identifies them."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from core import backbones, features, runs, storage
from core.config import TITLES
from core.data.dataset import Dataset
from core.embeddings import networks, samples
from core.embeddings.source import ENCODER, IMAGES, Source, check
from core.errors import ConfigError, WeightsError
from core.features import Encoder, Features, compiled
from core.features.estimates import Count
from core.progress import Report, silent
from core.runs import Run
from core.storage import Result

POOLED = {
    "max": "max-pooled",
    "flatten": "flattened",
    "norm-avg": "LayerNorm-first",
    "norm-max": "LayerNorm-first max-pooled",
    "projected": "projected",
}  # the default, average pooling, goes unsaid


@dataclass(frozen=True, eq=False)
class Resolved:
    """A source with its dataset, run and encoder as they are now, so that all answers refer to the same ones."""

    source: Source
    dataset: Dataset
    run: Run | None
    encoder: Encoder  # of the run, if there is one

    @cached_property
    def rows(self) -> np.ndarray:
        """Row ids (n,) int64 of the images, ascending.

        Raises:
            DatasetError: The dataset has fewer images than requested.
        """
        source = self.source
        return samples.chosen(self.dataset.name, self.dataset.fingerprint, source.images, source.n_images, source.seed)

    @cached_property
    def key(self) -> features.Key:
        """The key of the vectors in the feature cache.

        Raises:
            WeightsError: The weights are not on this machine yet.
        """
        layer = "depths" if self.source.layer else ""
        encoder = networks.of_depths(self.encoder) if layer else self.encoder
        trained = self._trained
        if trained:
            return features.key_of(self.dataset, encoder, weights=_version(trained), output=layer or "head")
        return features.key_of(self.dataset, encoder, output=layer)

    @property
    def digest(self) -> str:
        """16 hexadecimal digits that identify the vectors and the images they belong to.

        Downloads nothing, so a page may use it; a worker calls `fetch` first.

        Raises:
            WeightsError: The weights are not on this machine yet.
        """
        images = hashlib.sha256(self.rows.tobytes()).hexdigest()
        head = _version(self.run) if self.run and self.source.what == "logits" else ""
        return storage.digest([self.key.digest, head, self.source.what, self.source.layer, images])

    def count(self, into: Count) -> None:
        """Count its missing features. Needs no Keras."""
        encoder, missing = self.encoder, self.missing
        into.network(encoder.backbone, encoder.input_size, missing, builds=int(missing > 0))

    @property
    def title(self) -> str:
        """One line, such as: MobileNetV2 at 96 px, features, 1,000 test images of CIFAR-10."""
        source, run, encoder = self.source, self.run, self.encoder
        parts = [f"{encoder.backbone} at {encoder.input_size} px"]
        if run and (run.config.trains or source.what == "logits"):
            parts.append(f"{TITLES[run.config.method].lower()} of {run.created.astimezone():%d %b %H:%M}")
        elif encoder.weights not in backbones.PUBLISHED:
            untrained = encoder.weights == "untrained"
            parts.append("untrained" if untrained else f"weights of {Path(encoder.weights).name}")
        if encoder.preprocessing != backbones.get(encoder.backbone).preprocessing:
            parts.append("pixels divided by 255")
        if source.layer:
            parts.append(f"{source.what} after {source.layer}")
        elif source.what == "features" and encoder.pooling in POOLED:
            parts.append(f"{POOLED[encoder.pooling]} features")
        else:
            parts.append(source.what)
        return f"{', '.join(parts)}, {len(self.rows):,} {IMAGES[source.images]} of {self.dataset.title}"

    @property
    def missing(self) -> int:
        """How many of the vectors are not in the cache yet; needs no Keras and downloads nothing."""
        try:
            return features.missing_from(self.key, self.rows)
        except WeightsError:
            return len(self.rows)

    @property
    def frozen(self) -> Source:
        """The same images through the backbone of the run as it was before training.

        Raises:
            ConfigError: The source has no run, or the run did not start from a pretrained backbone.
        """
        if self.run is None or self.run.config.method == "scratch" or self.source.what == "logits":
            raise ConfigError(
                "This run has no vectors from before its training",
                "features of a run that started from a pretrained backbone",
                "Choose a fine-tune",
            )
        return replace(self.source, run="", **{name: getattr(self.run.config, name) for name in ENCODER})

    def vary(self, **changes: Any) -> "Resolved":
        """The same source with other images, another layer, or logits instead of features."""
        source = replace(self.source, **changes)
        check(source, self.run)
        return Resolved(source, self.dataset, self.run, self.encoder)

    def fetch(self, report: Report = silent) -> None:
        """Download the weights if they are not on this machine; after that, `digest` is available.

        Raises:
            WeightsError: They cannot be found or downloaded.
        """
        if not self._trained:
            self.encoder.find_weights(report)

    def values(self, report: Report = silent) -> Features:
        """The vectors (n, d) float32 of the rows; missing ones are computed and cached.

        Raises:
            LabError: The weights or the model of the run are missing.
            Stopped: `report` raised it; computed vectors stay in the cache.
        """
        self.fetch(report)
        image_size = self.dataset.images.shape[1]
        vectors = features.fill(
            self.key, self.dataset, self.rows, lambda: self._network(image_size), part=self._part, report=report
        )
        return replace(vectors, values=self._scored(vectors.values))

    def of_pictures(self, pictures: np.ndarray) -> np.ndarray:
        """The vectors (m, d) float32 of pictures outside the dataset; they are not cached.

        Args:
            pictures: (m, s, s, 3) uint8, of the same size as the images of the source.

        Raises:
            LabError: The weights or the model of the run are missing.
        """
        network = networks.kept(self.key, self.encoder, self._trained, pictures.shape[1])
        batches = [values for _, values in network.stream(pictures, np.arange(len(pictures)))]
        first, end = network.parts.get(self._part, (0, None))
        return self._scored(np.concatenate(batches)[:, first:end])

    def find(self, kind: str, version: int, parse: Callable[[Any], Result]) -> Result | None:
        """What was found in these vectors, as `keep` wrote it; None if nothing was, or the weights are not here yet.

        Args:
            kind, parse: As for `storage.find`.
            version: Of the method that found it.
        """
        try:
            key = storage.digest([version, self.digest])
        except WeightsError:  # they are downloaded before it is computed
            return None
        return storage.find(kind, key, parse)

    def keep(self, kind: str, version: int, result: Any) -> None:
        """Write a result from these vectors, made of plain values. Raises WeightsError as `digest`."""
        storage.keep(kind, storage.digest([version, self.digest]), result)

    @property
    def _trained(self) -> Run | None:
        """The run, if it trained its network."""
        return self.run if self.run and self.run.config.trains else None

    def _network(self, image_size: int) -> compiled.Forward:
        return networks.build(self.key, self.encoder, self._trained, image_size)

    @property
    def _part(self) -> str:
        """Which output, for a network with several: see `networks`."""
        return {"depths": self.source.layer, "head": self.source.what}.get(self.key.output, "")

    def _scored(self, vectors: np.ndarray) -> np.ndarray:
        """A probe's logits, if the source asks for them; otherwise the vectors unchanged."""
        if self.run and not self._trained and self.source.what == "logits":
            return runs.head(self.run.id).logits(vectors)
        return vectors


def resolve(source: Source) -> Resolved:
    """Look up the dataset, the run and the encoder of a source.

    Raises:
        LabError: The dataset or the run no longer exists.
    """
    dataset = samples.dataset(source.dataset)
    run = runs.get(source.run) if source.run else None
    check(source, run)
    return Resolved(source, dataset, run, run.config.encoder if run else source.encoder)


def digest(source: Source) -> str:
    """`Resolved.digest` of a source."""
    return resolve(source).digest


def title(source: Source) -> str:
    """`Resolved.title` of a source."""
    return resolve(source).title


def missing(source: Source) -> int:
    """`Resolved.missing` of a source."""
    return resolve(source).missing


def values(source: Source, report: Report = silent) -> Features:
    """`Resolved.values` of a source."""
    return resolve(source).values(report)


def network(source: Source) -> tuple[str, int]:
    """The name of the source's backbone and its input size in pixels."""
    encoder = resolve(source).encoder
    return encoder.backbone, encoder.input_size


def _version(run: Run) -> str:
    """The current version of a run: resuming it changes its network."""
    return f"run {run.id} {run.finished:%Y-%m-%d %H:%M:%S.%f}"
