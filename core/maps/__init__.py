"""Maps: images laid out in two or three dimensions by their features.

pipeline       embeddings -> PCA -> layout -> quality -> store
config         methods and parameters of a map
store          maps on disk
quality        how far a map can be trusted
pca            principal components
tsne_layout    t-SNE (openTSNE)
umap_layout    UMAP (umap-learn)
procrustes     aligning one map with another
nearby         the nearest images, and the position of a new photo
"""

from core.maps.pipeline import (
    METHODS,
    Map,
    MapConfig,
    clear,
    compute,
    count,
    entries,
    find,
    fitting,
    key,
    of_fine_tune,
    pair,
    place,
    positions_path,
    read,
)

__all__ = [
    "METHODS",
    "Map",
    "MapConfig",
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
