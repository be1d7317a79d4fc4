"""Maps: images laid out by what a network sees in them, in two or three dimensions; computed once, then read.

source -> vectors -> principal components -> PCA, t-SNE or UMAP -> (laid on another map) -> quality -> store
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np

from core import embeddings, hardware, runs
from core.embeddings import Source
from core.errors import MapError
from core.maps import pca, procrustes, store, tsne_layout, umap_layout
from core.maps import quality as map_quality
from core.maps.config import METHODS, MapConfig, MapMethod, fitting, key, key_of
from core.maps.pca import Reduction
from core.maps.procrustes import Alignment
from core.maps.store import Map, StoredMap, clear, entries, find, positions_path, read
from core.progress import Report, silent, timed

__all__ = [
    "METHODS",
    "Map",
    "MapConfig",
    "MapMethod",
    "StoredMap",
    "align",
    "clear",
    "compute",
    "entries",
    "find",
    "fitting",
    "key",
    "of_fine_tune",
    "pair",
    "place",
    "positions_path",
    "read",
]

SHOWN = 50  # principal components of a PCA whose share of the variance is kept
JITTER = 1e-3  # of the spread that a layout begins with: equal images part, and a seed makes another map


def compute(config: MapConfig, report: Report = silent) -> Map:
    """The map, computed and kept where it is not there yet.

    Raises:
        MapError, ConfigError: There are too few images for it, or nothing to tell them apart by.
        LabError: What the source names is not there.
        Stopped: `report` raised it; nothing half is left, but the vectors that were extracted.
    """
    source = embeddings.resolve(config.source)
    source.fetch(report)
    name = key_of(config, source.digest)
    with store.locked(name, report):
        if existing := read(name):
            return existing
        seconds: dict[str, float] = {}
        with timed(seconds, "extract"):
            below = _below(config, source.rows)
            features = source.values(report)
        with timed(seconds, "reduce"):
            space, points, begin = _reduced(features.values, config)
        with timed(seconds, "map"):
            laid = _laid_out(points, begin if below is None else below.positions, config, report)
            aligned = procrustes.fit(below.positions, laid) if below else None
            positions = aligned.apply(laid) if aligned else laid
        with timed(seconds, "judge"):
            labels = source.dataset.labels[features.rows]
            quality = map_quality.judge(
                features.values, positions, labels, metric=space.metric, seed=config.seed, report=report
            )
        made = Map(
            key=name,
            config=config,
            rows=features.rows,
            positions=positions,
            quality=quality,
            explained=tuple(map(float, space.explained)),
            seconds=seconds,
            hardware=hardware.name(),
            created=datetime.now(UTC),
            notes=tuple(_notes(config, quality)),
        )
        store.write(made, _model(space, points, laid, aligned, config))
        return made


def of_fine_tune(run_id: str, method: str) -> tuple[MapConfig, MapConfig]:
    """What shows the test images of a fine-tune before and after it; the second map begins where the first one ends.

    Where there are few images, they have fewer neighbours than usual.

    Raises:
        LabError: The run is gone, or the weights it started from are.
    """
    config = runs.get(run_id).config
    return pair(Source(dataset=config.dataset, images="test", n_images=config.n_test, run=run_id), method)


def pair(after: Source, method: str) -> tuple[MapConfig, MapConfig]:
    """The same for any images of a run that started from a backbone.

    Raises:
        LabError: The run is gone, or the weights it started from are.
    """
    source = embeddings.resolve(after)
    before = fitting(MapConfig(source.frozen, method=method), len(source.rows))
    return before, replace(before, source=after, start=key(before))


def place(key: str, values: np.ndarray) -> np.ndarray:
    """Positions (m, dims) float32 of new images on a map, from their vectors (m, d); the map does not move.

    Raises:
        MapError: There is no such map any more, or the vectors are of another network.
    """
    found, model = read(key), store.model(key)
    if found is None or model is None:
        raise MapError(f"The map {key} is not there any more", remedy="Draw it again")
    config = found.config
    space = Reduction(model["mean"], model["axes"], np.array(found.explained), str(model["metric"]))
    query = space.apply(values)
    if config.method == "pca":
        placed = query[:, : config.dims]
    else:
        points = model["points"] if "points" in model else space.apply(embeddings.values(config.source).values)
        if config.method == "tsne":
            placed = tsne_layout.place(points, model["laid"], query)
        else:
            options = {"near": config.neighbours, "min_dist": config.min_dist, "seed": config.seed}
            placed = umap_layout.place(points, model["laid"], query, **options)
    if "turn" not in model:
        return placed
    return Alignment(model["from"], model["to"], model["turn"], float(model["scale"])).apply(placed)


def align(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """`after` (n, k) moved, turned, mirrored and scaled as a whole so that it lies on `before` (n, k), row by row."""
    return procrustes.fit(before, after).apply(after)


def _below(config: MapConfig, rows: np.ndarray) -> Map | None:
    """The map on which this one is to be laid."""
    if not config.start:
        return None
    below = read(config.start)
    if below is None:
        raise MapError("The map to begin with is not there any more", remedy="Draw that one again first")
    if below.config.dims != config.dims or not np.array_equal(below.rows, rows):
        raise MapError(
            f"The map to begin with has {len(below.rows):,} images in {below.config.dims} dimensions",
            f"the same images as this one, in {config.dims} dimensions",
            "Draw both of the same images",
        )
    return below


def _reduced(values: np.ndarray, config: MapConfig) -> tuple[Reduction, np.ndarray, np.ndarray]:
    """How vectors become points, the points (n, k) to be laid out, and the positions (n, dims) where that begins."""
    if config.method == "pca":
        space = pca.fit(values, SHOWN)
        points = begin = space.apply(values)
    else:
        space = pca.fit(values, config.components, metric=config.metric, seed=config.seed)
        begin = points = space.apply(values)
        if not config.components:
            begin = pca.fit(values, config.dims, metric=config.metric, seed=config.seed).apply(values)
    if begin.shape[1] < config.dims:
        raise MapError(
            f"{len(values):,} vectors of {values.shape[1]:,} numbers cannot be drawn in {config.dims} dimensions",
            f"more than {config.dims} images, and at least as many numbers",
            "Choose more images, or two dimensions" if config.dims == 3 else "Choose more images",
        )
    return space, points, begin[:, : config.dims]


def _laid_out(points: np.ndarray, begin: np.ndarray, config: MapConfig, report: Report) -> np.ndarray:
    if config.method == "pca":
        return np.ascontiguousarray(points[:, : config.dims])
    noise = np.random.default_rng(config.seed).normal(size=begin.shape)
    begin = (begin + JITTER * begin.std() * noise).astype(np.float32)
    if config.method == "tsne":
        return tsne_layout.lay_out(points, begin, perplexity=config.perplexity, report=report)
    return umap_layout.lay_out(
        points, begin, near=config.neighbours, min_dist=config.min_dist, seed=config.seed, report=report
    )


def _notes(config: MapConfig, quality: dict[str, float]) -> Iterator[str]:
    if "knn_map" not in quality:
        yield "All images are of one class: there is nothing to say about how the map tells classes apart."
    if "trustworthiness" not in quality:
        yield "There are too few images to say how far the map can be trusted."
    if config.start:
        yield "The map begins where another one of the same images ended, and is laid on it as a whole."


def _model(
    space: Reduction, points: np.ndarray, laid: np.ndarray, aligned: Alignment | None, config: MapConfig
) -> dict[str, np.ndarray]:
    """What `place` needs, as arrays; uncut vectors are in the cache of features already."""
    model = {"mean": space.mean, "axes": space.axes, "metric": np.array(space.metric)}
    if config.method != "pca":
        model["laid"] = laid
        if config.components:
            model["points"] = points
    if aligned:
        model |= {"from": aligned.mean, "to": aligned.target, "turn": aligned.turn, "scale": np.array(aligned.scale)}
    return model
