"""What a map is: the three methods in words, and one flat, frozen, validated description that is stored as it is."""

from dataclasses import dataclass, replace

from core import embeddings, options, storage
from core.embeddings import Source
from core.errors import ConfigError
from core.neighbours import METRICS
from core.options import option

VERSION = 1  # raise it when the same config would give another map


@dataclass(frozen=True)
class Method:
    """A way to draw a map, in words for the person who looks at it."""

    name: str
    title: str
    idea: str
    caution: str  # what may be read off it, and what may not
    paper: str
    options: tuple[str, ...]  # the fields of MapConfig that matter to it


METHODS = {
    method.name: method
    for method in (
        Method(
            "pca",
            "PCA",
            "The directions along which the vectors differ most, looked at straight on: a shadow, nothing is bent.",
            "Distances and directions are real, as far as the axes go: what differs along the axes left out is not "
            "seen. The explained variance says how much that is.",
            "Pearson, On lines and planes of closest fit to systems of points in space, Phil. Mag. 2 (1901)",
            ("dims", "start"),
        ),
        Method(
            "tsne",
            "t-SNE",
            "Every image keeps its nearest neighbours near; what is far is only pushed apart.",
            "Who is near whom may be read off. How large a cluster is, how dense, and how far two clusters lie from "
            "each other may not: the method makes all clusters about equally dense.",
            "van der Maaten and Hinton, Visualizing data using t-SNE, JMLR 9 (2008)",
            ("dims", "components", "perplexity", "metric", "seed", "start"),
        ),
        Method(
            "umap",
            "UMAP",
            "A graph of nearest neighbours, laid out so that joined images attract and others repel each other.",
            "Who is near whom may be read off. Gaps look wider and clusters tighter than they are; their sizes and the "
            "distances between them say little.",
            "McInnes, Healy and Melville, UMAP, arXiv:1802.03426 (2018)",
            ("dims", "components", "neighbours", "min_dist", "metric", "seed", "start"),
        ),
    )
}

TITLES = {name: method.title for name, method in METHODS.items()}


@dataclass(frozen=True)
class MapConfig:
    """All that decides about a map, as plain values.

    Raises:
        ConfigError: A value that cannot be.
    """

    source: Source
    method: str = option("umap", "Method", "how to lay the images out", choices=TITLES)
    dims: int = option(2, "Dimensions", "dimensions of the map", choices={2: "2-D", 3: "3-D"})
    components: int = option(
        50,
        "Principal components first",
        "principal components that the layout starts from: faster, and less noise; 0: the vectors as they are",
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
        "neighbours each image is tied to: few show detail, many show the whole (umap)",
        value="K",
        least=2,
        most=1000,
        offered=(2, 200),
    )
    min_dist: float = option(
        0.1,
        "Least distance",
        "how tightly points may be packed (umap)",
        value="DISTANCE",
        least=0,
        most=0.99,
        step=0.05,
    )
    metric: str = option("euclidean", "Distance", "what near means (tsne, umap)", choices=METRICS)
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
    """The same map, with no more neighbours than so many images have; as it is where that is no map either."""
    perplexity, near = (images - 1) // 3, images
    if config.method == "tsne" and config.perplexity > (images - 1) / 3 and perplexity >= 1:
        return replace(config, perplexity=float(perplexity))
    if config.method == "umap" and config.neighbours > near >= 2:
        return replace(config, neighbours=near)
    return config


def key(config: MapConfig) -> str:
    """16 hexadecimal digits of the vectors, the images, and the parameters that matter to the method.

    Raises:
        LabError: Something that the source names is not on this machine.
    """
    options = {name: getattr(config, name) for name in sorted(METHODS[config.method].options)}
    return storage.digest([VERSION, embeddings.digest(config.source), config.method, options])


def from_json(about: dict) -> MapConfig:
    """The config that `dataclasses.asdict` made so; what only a newer version knows is an error.

    Raises:
        TypeError, ConfigError: It is not one.
    """
    return MapConfig(**about | {"source": Source(**about["source"])})
