"""How fast a map is drawn and how far it can be trusted: ours against the book's way, on the same features.

The book gives the raw features to scikit-learn's `TSNE` and to `umap.UMAP(random_state=42)`, which works on one core.
Each of the four works in a process of its own that has imported and compiled everything before its clock starts.
"""

import multiprocessing
import tempfile
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from time import perf_counter, process_time

import numpy as np

from core import backbones, features
from core.data import datasets
from core.maps import pca, tsne_layout, umap_layout
from core.maps import quality as map_quality

PATIENCE = 480  # seconds a reference may take; what takes longer is given as at least that
FEW = 4_500  # images to import and compile with; from 4,096 on umap-learn looks for neighbours as it does among many
COMPONENTS = 50


def maps(
    *,
    images: int = 10_000,
    dataset: str = "cifar10",
    backbone: str = "MobileNetV2",
    weights: str = "imagenet",
    input_size: int = 96,
) -> dict:
    """t-SNE and UMAP of real features, ours and the book's, one after the other: seconds and trustworthiness.

    Ours begins with the principal components, whose seconds are counted. `processor_seconds` are those of all threads,
    and say more where other work is beside it.
    """
    source = datasets.load(dataset)
    facts = backbones.get(backbone)
    everything = np.arange(len(source.images))
    count = min(images, len(everything))
    rows = np.sort(datasets.subsample(everything, source.labels, count, seed=0))
    values = features.extract(source, rows, features.Encoder(backbone, weights, input_size)).values
    labels = source.labels[rows]
    figures = {"backbone": facts.name, "input_size": input_size, "images": count, "numbers": values.shape[1]}
    taken = {}
    with tempfile.TemporaryDirectory(prefix="bench-maps-") as folder:
        np.save(Path(folder) / "values.npy", values)
        for name in DRAWN:
            spent = _in_its_own_process(name, Path(folder))
            taken[name] = spent["seconds"] if spent else float(PATIENCE)
            figures[f"{name}_seconds"] = taken[name] if spent else f"more than {PATIENCE}"
            if spent:
                quality = map_quality.judge(values, np.load(Path(folder) / f"{name}.npy"), labels)
                figures[f"{name}_processor_seconds"] = spent["processor_seconds"]
                figures[f"{name}_trustworthiness"] = quality["trustworthiness"]
                figures[f"{name}_knn_accuracy"] = quality["knn_map"]
    return figures | {
        "knn_accuracy_of_the_features": quality["knn_full"],
        "tsne_times_faster": taken["book_tsne"] / taken["tsne"],  # aim at 3 with 10,000 images, 6 with 50,000
        "umap_times_faster": taken["book_umap"] / taken["umap"],  # aim at 8
    }


def _tsne(values: np.ndarray) -> np.ndarray:
    points = pca.fit(values, COMPONENTS).apply(values)
    return tsne_layout.lay_out(points, points[:, :2])


def _book_tsne(values: np.ndarray) -> np.ndarray:
    from sklearn.manifold import TSNE

    return TSNE(n_components=2, random_state=42).fit_transform(values)


def _umap(values: np.ndarray) -> np.ndarray:
    points = pca.fit(values, COMPONENTS).apply(values)
    return umap_layout.lay_out(points, points[:, :2])


def _book_umap(values: np.ndarray) -> np.ndarray:
    import warnings

    import umap

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that a seed means one core: it is what is measured
        return umap.UMAP(random_state=42).fit_transform(values)


DRAWN: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "tsne": _tsne,
    "book_tsne": _book_tsne,
    "umap": _umap,
    "book_umap": _book_umap,
}


def _in_its_own_process(name: str, folder: Path) -> dict[str, float] | None:
    """Seconds and processor seconds of one way, its positions written to the folder; None when it took too long."""
    context = multiprocessing.get_context("spawn")
    results, theirs = context.Pipe(duplex=False)
    child = context.Process(target=_draw, args=(name, folder, theirs))
    child.start()
    theirs.close()  # so that `recv` sees the end of a child that died
    try:
        results.recv()  # everything is imported and compiled
        if results.poll(PATIENCE):
            return results.recv()
    except EOFError as error:
        raise RuntimeError(f"The process that draws {name} died") from error
    finally:
        child.kill()
        child.join()
    return None


def _draw(name: str, folder: Path, results: Connection) -> None:
    values = np.load(folder / "values.npy")
    DRAWN[name](values[:FEW])
    results.send(None)
    started, processor = perf_counter(), process_time()
    positions = DRAWN[name](values)
    spent = {"seconds": perf_counter() - started, "processor_seconds": process_time() - processor}
    np.save(folder / f"{name}.npy", positions)
    results.send(spent)
