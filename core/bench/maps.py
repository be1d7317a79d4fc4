"""How fast and how trustworthy maps are: ours against the book's way, on the same features.

The book passes the raw features to scikit-learn's `TSNE` and to `umap.UMAP(random_state=42)`, which uses one core.
Each of the four runs in a process of its own, which imports and compiles everything before its clock starts.
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

TIMEOUT = 480  # seconds per layout; anything slower is reported as "more than"
WARM_UP = 4_500  # images to compile with; from 4,096 on, umap-learn finds neighbours approximately
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

    Ours includes the principal components. `processor_seconds` counts all threads, and is the better measure while
    other work is running.
    """
    source = datasets.load(dataset)
    all_rows = np.arange(len(source.images))
    count = min(images, len(all_rows))
    rows = np.sort(datasets.subsample(all_rows, source.labels, count, seed=0))
    values = features.extract(source, rows, features.Encoder(backbone, weights, input_size)).values
    labels = source.labels[rows]
    figures = {"backbone": backbones.get(backbone).name, "input_size": input_size}
    figures |= {"images": count, "numbers": values.shape[1]}
    seconds = {}
    with tempfile.TemporaryDirectory(prefix="bench-maps-") as folder:
        np.save(Path(folder) / "values.npy", values)
        for name in DRAWN:
            spent = _in_its_own_process(name, Path(folder))
            seconds[name] = spent["seconds"] if spent else float(TIMEOUT)
            figures[f"{name}_seconds"] = seconds[name] if spent else f"more than {TIMEOUT}"
            if spent:
                quality = map_quality.judge(values, np.load(Path(folder) / f"{name}.npy"), labels)
                figures[f"{name}_processor_seconds"] = spent["processor_seconds"]
                figures[f"{name}_trustworthiness"] = quality["trustworthiness"]
                figures[f"{name}_knn_accuracy"] = quality["knn_map"]
    return figures | {
        "knn_accuracy_of_the_features": quality["knn_full"],
        "tsne_times_faster": seconds["book_tsne"] / seconds["tsne"],  # target: 3 with 10,000 images, 6 with 50,000
        "umap_times_faster": seconds["book_umap"] / seconds["umap"],  # target: 8
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
        warnings.simplefilter("ignore")  # it warns that a seed limits it to one core, which is intended
        return umap.UMAP(random_state=42).fit_transform(values)


DRAWN: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "tsne": _tsne,
    "book_tsne": _book_tsne,
    "umap": _umap,
    "book_umap": _book_umap,
}


def _in_its_own_process(name: str, folder: Path) -> dict[str, float] | None:
    """Seconds and processor seconds of one layout, whose positions are saved in the folder; None after a time-out."""
    context = multiprocessing.get_context("spawn")
    results, sender = context.Pipe(duplex=False)
    child = context.Process(target=_draw, args=(name, folder, sender))
    child.start()
    sender.close()  # so that `recv` fails if the child dies
    try:
        results.recv()  # the warm-up is done
        if results.poll(TIMEOUT):
            return results.recv()
    except EOFError as error:
        raise RuntimeError(f"The process that draws {name} died") from error
    finally:
        child.kill()
        child.join()
    return None


def _draw(name: str, folder: Path, results: Connection) -> None:
    values = np.load(folder / "values.npy")
    DRAWN[name](values[:WARM_UP])
    results.send(None)
    started, processor = perf_counter(), process_time()
    positions = DRAWN[name](values)
    spent = {"seconds": perf_counter() - started, "processor_seconds": process_time() - processor}
    np.save(folder / f"{name}.npy", positions)
    results.send(spent)
