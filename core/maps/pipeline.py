"""Maps: layouts of images by their vectors, in two or three dimensions; computed once, then read from disk.

source -> vectors -> principal components -> PCA, t-SNE or UMAP -> (aligned with another map) -> quality -> store
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np

from core import embeddings, hardware, runs
from core.embeddings import Source
from core.errors import MapError
from core.features import estimates
from core.features.estimates import Count
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
    "clear",
    "compute",
    "count",
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

SHOWN = 50  # principal components of a PCA whose explained variance is stored
JITTER = 1e-3  # of the spread of the initial layout: separates equal images, and makes the map depend on the seed


def compute(config: MapConfig, report: Report = silent) -> Map:
    """The stored map, computed first if there is none.

    Raises:
        MapError, ConfigError: There are too few images, or their vectors have too few dimensions.
        LabError: The dataset, the run or the weights of the source are missing.
        Stopped: `report` raised it; no partial map is left, but extracted vectors stay.
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
            space, points, initial = _reduced(features.values, config)
        with timed(seconds, "map"):
            laid = _laid_out(points, initial if below is None else below.positions, config, report)
            aligned = procrustes.fit(below.positions, laid) if below else None
            positions = aligned.apply(laid) if aligned else laid
        with timed(seconds, "judge"):
            labels = source.dataset.labels[features.rows]
            quality = map_quality.judge(
                features.values, positions, labels, metric=space.metric, seed=config.seed, report=report
            )
            if source.dataset.people:
                owners = source.dataset.owners()[features.rows]
                by_others = map_quality.by_others(features.values, labels, owners, metric=space.metric, report=report)
                quality |= {} if by_others is None else {"knn_others": by_others}
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
        spent = sum(seconds[stage] for stage in ("reduce", "map", "judge"))
        count = len(features.rows)
        estimates.time_work(f"{config.method} layout", count, spent, size=estimates.bucket(count))
        return made


def count(methods: Sequence[str], images: int, *, into: Count) -> None:
    """Count maps by these methods of as many images each: layouts and their quality. Vectors are counted apart."""
    for method in methods:
        into.work(f"{method} layout", images, size=estimates.bucket(images))
    if methods:
        into.parts.append("1 map" if len(methods) == 1 else f"{len(methods)} maps")


def of_fine_tune(run_id: str, method: str) -> tuple[MapConfig, MapConfig]:
    """The maps of a fine-tune's test images before and after it; the second starts from the layout of the first.

    With few images, the number of neighbours is reduced.

    Raises:
        LabError: The run, or the weights it started from, are missing.
    """
    config = runs.get(run_id).config
    return pair(Source(dataset=config.dataset, images="test", n_images=config.n_test, run=run_id), method)


def pair(after: Source, method: str) -> tuple[MapConfig, MapConfig]:
    """The same for any images of a run that started from a pretrained backbone.

    Raises:
        LabError: The run, or the weights it started from, are missing.
    """
    source = embeddings.resolve(after)
    before = fitting(MapConfig(source.frozen, method=method), len(source.rows))
    return before, replace(before, source=after, start=key(before))


def place(key: str, values: np.ndarray) -> np.ndarray:
    """Positions (m, dims) float32 of new images on a map, from their vectors (m, d); the map does not move.

    Raises:
        MapError: The map no longer exists, or the vectors are of another network.
    """
    stored, model = read(key), store.model(key)
    if stored is None or model is None:
        raise MapError(f"The map {key} no longer exists", remedy="Draw it again")
    config = stored.config
    space = Reduction(model["mean"], model["axes"], np.array(stored.explained), str(model["metric"]))
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


def _below(config: MapConfig, rows: np.ndarray) -> Map | None:
    """The map that this one starts from and is aligned with."""
    if not config.start:
        return None
    below = read(config.start)
    if below is None:
        raise MapError("The map to start from no longer exists", remedy="Draw that one again first")
    if below.config.dims != config.dims or not np.array_equal(below.rows, rows):
        raise MapError(
            f"The map to start from has {len(below.rows):,} images in {below.config.dims} dimensions",
            f"the same images as this one, in {config.dims} dimensions",
            "Draw both maps of the same images",
        )
    return below


def _reduced(values: np.ndarray, config: MapConfig) -> tuple[Reduction, np.ndarray, np.ndarray]:
    """The reduction of the vectors, the points (n, k) to lay out, and the initial positions (n, dims)."""
    if config.method == "pca":
        space = pca.fit(values, SHOWN)
        points = initial = space.apply(values)
    else:
        space = pca.fit(values, config.components, metric=config.metric, seed=config.seed)
        initial = points = space.apply(values)
        if not config.components:
            initial = pca.fit(values, config.dims, metric=config.metric, seed=config.seed).apply(values)
    if initial.shape[1] < config.dims:
        raise MapError(
            f"{len(values):,} vectors with {values.shape[1]:,} values cannot be drawn in {config.dims} dimensions",
            f"more than {config.dims} images, and vectors of at least {config.dims} values",
            "Choose more images, or two dimensions" if config.dims == 3 else "Choose more images",
        )
    return space, points, initial[:, : config.dims]


def _laid_out(points: np.ndarray, start: np.ndarray, config: MapConfig, report: Report) -> np.ndarray:
    if config.method == "pca":
        return np.ascontiguousarray(points[:, : config.dims])
    noise = np.random.default_rng(config.seed).normal(size=start.shape)
    start = (start + JITTER * start.std() * noise).astype(np.float32)
    if config.method == "tsne":
        return tsne_layout.lay_out(points, start, perplexity=config.perplexity, report=report)
    return umap_layout.lay_out(
        points, start, near=config.neighbours, min_dist=config.min_dist, seed=config.seed, report=report
    )


def _notes(config: MapConfig, quality: dict[str, float]) -> Iterator[str]:
    if "knn_map" not in quality:
        yield "All images belong to one class, so the separation of classes cannot be judged."
    if "trustworthiness" not in quality:
        yield "There are too few images to judge the trustworthiness of the map."
    if config.start:
        yield "The map starts from another one of the same images and is aligned with it as a whole."


def _model(
    space: Reduction, points: np.ndarray, laid: np.ndarray, aligned: Alignment | None, config: MapConfig
) -> dict[str, np.ndarray]:
    """The arrays that `place` needs; vectors that were not reduced are in the feature cache."""
    model = {"mean": space.mean, "axes": space.axes, "metric": np.array(space.metric)}
    if config.method != "pca":
        model["laid"] = laid
        if config.components:
            model["points"] = points
    if aligned:
        model |= {"from": aligned.mean, "to": aligned.target, "turn": aligned.turn, "scale": np.array(aligned.scale)}
    return model
