"""Maps: images laid out in two or three dimensions by their features.

pipeline       embeddings -> PCA -> layout -> quality -> store
config         what a map is made of
store          maps on disk
quality        how far to trust a map
pca            principal components
tsne_layout    t-SNE (openTSNE)
umap_layout    UMAP (umap-learn)
procrustes     one map aligned with another
nearby         the neighbours of an image, the place of a photo
"""

from core.maps.pipeline import (
    METHODS,
    Map,
    MapConfig,
    clear,
    compute,
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
