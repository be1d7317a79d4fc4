"""The methods and parameters of a map: one flat, frozen, validated config, stored as it is."""

from dataclasses import dataclass, replace
from typing import Any

from core import embeddings, options, storage
from core.embeddings import Source
from core.errors import ConfigError
from core.neighbours import METRICS
from core.options import option

VERSION = 2  # increase it when the same config would give another map


@dataclass(frozen=True)
class MapMethod:
    """A method of drawing a map, explained to the reader of the map."""

    name: str
    title: str
    idea: str
    caution: str  # what can and cannot be read from it
    paper: str
    options: tuple[str, ...]  # the fields of MapConfig that it uses


METHODS = {
    method.name: method
    for method in (
        MapMethod(
            "pca",
            "PCA",
            "A projection onto the directions in which the vectors vary most: a shadow, without distortion.",
            "Distances and directions are real, but only along these axes; differences along all other axes are "
            "hidden. The explained variance says how much is shown.",
            "Pearson, On lines and planes of closest fit to systems of points in space, Phil. Mag. 2 (1901)",
            ("dims", "start"),
        ),
        MapMethod(
            "tsne",
            "t-SNE",
            "Keeps each image close to its nearest neighbours and pushes all others apart.",
            "Shows which images are neighbours. The size and density of clusters and the distances between them mean "
            "little: the method makes all clusters about equally dense.",
            "van der Maaten and Hinton, Visualizing data using t-SNE, JMLR 9 (2008)",
            ("dims", "components", "perplexity", "metric", "seed", "start"),
        ),
        MapMethod(
            "umap",
            "UMAP",
            "Lays out a graph of nearest neighbours: connected images attract each other, all others repel.",
            "Shows which images are neighbours. Gaps look wider and clusters tighter than they are; cluster sizes and "
            "the distances between clusters mean little.",
            "McInnes, Healy and Melville, UMAP, arXiv:1802.03426 (2018)",
            ("dims", "components", "neighbours", "min_dist", "metric", "seed", "start"),
        ),
    )
}

TITLES = {name: method.title for name, method in METHODS.items()}


@dataclass(frozen=True)
class MapConfig:
    """All parameters of a map, as plain values.

    Raises:
        ConfigError: A value is invalid.
    """

    source: Source
    method: str = option("umap", "Method", "how to lay the images out", choices=TITLES)
    dims: int = option(2, "Dimensions", "dimensions of the map", choices={2: "2-D", 3: "3-D"})
    components: int = option(
        50,
        "Principal components first",
        "principal components that the layout starts from: faster, and less noise; 0: the vectors themselves",
        least=0,
        most=1000,
        offered=(0, 500),
    )
    perplexity: float = option(
        30.0,
        "Perplexity",
        "about how many neighbours each image keeps close (tsne)",
        least=1,
        most=1000,
        offered=(1.0, 500.0),
        step=5.0,
    )
    neighbours: int = option(
        15,
        "Neighbours",
        "neighbours each image is tied to: few show detail, many the overall structure (umap)",
        value="K",
        least=2,
        most=1000,
        offered=(2, 200),
    )
    min_dist: float = option(
        0.1,
        "Minimum distance",
        "how tightly points may be packed (umap)",
        value="DISTANCE",
        least=0,
        most=0.99,
        step=0.05,
    )
    metric: str = option("euclidean", "Distance metric", "how distances are measured (tsne, umap)", choices=METRICS)
    seed: int = option(
        0, "Seed", "seed of the sample and of the layout", least=0, most=2**32 - 1, offered=(0, 2**31 - 1)
    )
    start: str = option("", "Start", "key of a map of the same images, with which this one is aligned", value="MAP")

    def __post_init__(self):
        options.check(self, "a map")
        if 0 < self.components < self.dims:
            raise ConfigError(
                f"{self.components} components cannot be laid out in {self.dims} dimensions",
                f"0 or at least {self.dims}",
                f"Start from {self.dims} components, or from all with 0",
            )


def fitting(config: MapConfig, images: int) -> MapConfig:
    """The config with neighbours reduced to what so few images allow; unchanged if even that would not do."""
    perplexity, near = (images - 1) // 3, images
    if config.method == "tsne" and config.perplexity > (images - 1) / 3 and perplexity >= 1:
        return replace(config, perplexity=float(perplexity))
    if config.method == "umap" and config.neighbours > near >= 2:
        return replace(config, neighbours=near)
    return config


def key(config: MapConfig) -> str:
    """A digest of the vectors, the images and the parameters used by the method; 16 hexadecimal digits.

    Raises:
        LabError: Something named by the source is not on this machine.
    """
    return key_of(config, embeddings.digest(config.source))


def key_of(config: MapConfig, digest: str) -> str:
    """The same, where the digest of the source is known already."""
    options = {name: getattr(config, name) for name in sorted(METHODS[config.method].options)}
    return storage.digest([VERSION, digest, config.method, options])


def from_json(fields: dict[str, Any]) -> MapConfig:
    """The config stored by `dataclasses.asdict`; unknown fields, as of a newer version, are an error.

    Raises:
        TypeError, ConfigError: It is not a valid config.
    """
    values: dict[str, Any] = fields | {"source": Source(**fields["source"])}
    return MapConfig(**values)
