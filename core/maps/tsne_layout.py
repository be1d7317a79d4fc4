"""t-SNE: lay out points in two or three dimensions so that neighbours stay close, and place new points among them.

van der Maaten and Hinton, JMLR 9 (2008); with openTSNE (Poličar et al., J. Stat. Softw. 109, 2024), whose FFT-based
repulsion (Linderman et al., Nature Methods 16, 2019) takes time linear, not quadratic, in the number of points.
"""

from typing import Any

import numpy as np

from core import hardware, neighbours
from core.errors import ConfigError
from core.progress import Progress, Report, silent

EARLY = 250  # iterations of early exaggeration; openTSNE's default, like the next three
EXAGGERATION = 12.0
MOMENTUM = 0.8
LONGEST_STEP = 5.0
LATER = 250  # iterations without exaggeration; openTSNE's 500 add 0.002 of trustworthiness for 50,000 images
START = 1e-4  # standard deviation of the start, small so that neighbouring points can still swap
PLACING_PERPLEXITY = 5.0  # for new points
PLACING_RATE = 1.0  # learning rate; with openTSNE's 0.1, one in ten of a map's own images misses its position
FEW = 2_500  # points below which Barnes-Hut on one core is fastest: iterations are too short for threads
BETWEEN_REPORTS = 50_000  # points times iterations, so that a stop takes effect within a second


def lay_out(points: np.ndarray, start: np.ndarray, *, perplexity: float = 30.0, report: Report = silent) -> np.ndarray:
    """Positions (n, dims) float32 of points (n, d), by Euclidean distance.

    Args:
        start: (n, dims) at any scale, the initial positions. Three dimensions use Barnes-Hut, which is slower than FFT.
        perplexity: The effective number of neighbours of each point.

    Raises:
        ConfigError: The perplexity is too large for so few points.
    """
    most = (len(points) - 1) / 3
    if perplexity > most:
        raise ConfigError(
            f"A perplexity of {perplexity:g} needs {int(3 * perplexity) + 1:,} images, but there are {len(points):,}",
            f"at most {int(most)}" if most >= 1 else "at least four images",
            "Choose a smaller perplexity or more images",
        )
    from openTSNE import TSNEEmbedding
    from openTSNE.affinity import PerplexityBasedNN
    from openTSNE.nearest_neighbors import PrecomputedNeighbors

    cores = hardware.describe()["cores"] if len(points) >= FEW else 1
    near = PrecomputedNeighbors(*neighbours.of_each(points, int(3 * perplexity), report=report))
    embedding = TSNEEmbedding(
        START * start / start[:, 0].std(),
        PerplexityBasedNN(perplexity=perplexity, knn_index=near, n_jobs=cores),  # pyright: ignore[reportArgumentType]
        negative_gradient_method=_method(start),
        n_jobs=cores,
    )
    done = 0

    def report_iteration(iteration: int, _error: float, _positions: np.ndarray) -> None:
        report(Progress("map", done + iteration, EARLY + LATER, unit="steps"))

    every = int(np.clip(BETWEEN_REPORTS // len(points), 1, 10))
    for iterations, exaggeration in ((EARLY, EXAGGERATION), (LATER, 1.0)):
        embedding.optimize(
            iterations,
            exaggeration=exaggeration,
            momentum=MOMENTUM,
            max_step_norm=LONGEST_STEP,
            inplace=True,
            callbacks=report_iteration,
            callbacks_every_iters=every,
        )
        done += iterations
    return np.asarray(embedding, np.float32)


def place(points: np.ndarray, positions: np.ndarray, query: np.ndarray) -> np.ndarray:
    """Positions (m, dims) float32 of new points (m, d) among points (n, d) and their positions, which stay fixed.

    Each new point is placed independently of the others.
    """
    from openTSNE import TSNEEmbedding
    from openTSNE.affinity import PerplexityBasedNN
    from openTSNE.nearest_neighbors import KNNIndex

    class Exact(KNNIndex):
        """Our exact neighbours as an index for openTSNE."""

        VALID_METRICS = ("euclidean",)

        def build(self) -> tuple[np.ndarray, np.ndarray]:
            """A placeholder: neighbours among the old points are not needed and would take longer than all the rest."""
            others = np.roll(np.arange(len(points)), 1)[:, None]
            return others, np.ones(others.shape)

        def query(self, query: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
            return neighbours.nearest(points, query, k)

    affinities = PerplexityBasedNN(perplexity=1, knn_index=Exact(points, 1))
    embedding = TSNEEmbedding(positions, affinities, negative_gradient_method=_method(positions))
    middle = (positions.max(axis=0) + positions.min(axis=0)) / 2  # openTSNE places around 0
    perplexity: Any = min(PLACING_PERPLEXITY, (len(points) - 1) / 3)
    placed = embedding.transform(query, perplexity=perplexity, learning_rate=PLACING_RATE)
    return (np.asarray(placed) + middle).astype(np.float32)


def _method(positions: np.ndarray) -> str:
    return "fft" if positions.shape[1] == 2 and len(positions) >= FEW else "bh"
