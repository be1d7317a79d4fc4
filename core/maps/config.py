"""What a map is: the three methods in words, and one flat, frozen, validated description that is stored as it is."""

from dataclasses import dataclass, replace

from core import embeddings, neighbours, storage
from core.embeddings import Source
from core.errors import ConfigError

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


@dataclass(frozen=True)
class MapConfig:
    """All that decides about a map, as plain values.

    Raises:
        ConfigError: A value that cannot be.
    """

    source: Source
    method: str = "umap"
    dims: int = 2
    components: int = 50  # principal components that the layout begins with; 0: the vectors as they are
    perplexity: float = 30.0  # of t-SNE
    neighbours: int = 15  # of UMAP
    min_dist: float = 0.1  # of UMAP
    metric: str = "euclidean"
    seed: int = 0
    start: str = ""  # key of a map of the same images, on which this one is laid

    def __post_init__(self):
        for name, known in (("method", METHODS), ("metric", neighbours.METRICS), ("dims", (2, 3))):
            if getattr(self, name) not in known:
                expected = f"one of {', '.join(map(str, known))}"
                raise ConfigError(f"The {name} of a map is {getattr(self, name)!r}", expected, "Choose one of these")
        for name, least, most in (
            ("components", 0, 1000), ("perplexity", 1, 1000), ("neighbours", 2, 1000), ("min_dist", 0, 0.99),
            ("seed", 0, 2**32 - 1),
        ):  # fmt: skip
            if not least <= getattr(self, name) <= most:
                raise ConfigError(
                    f"{name} of a map is {getattr(self, name)}", f"{least} to {most}", "Choose a number in between"
                )
        if 0 < self.components < self.dims:
            raise ConfigError(
                f"{self.components} components cannot be laid out in {self.dims} dimensions",
                f"0 or at least {self.dims}",
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
