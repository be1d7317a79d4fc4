"""The catalog: the spec of every backbone, as data. A slow test checks it against the real models.

Published accuracies and times are quoted from `source`, never estimated: None if nothing was published.
"""

from dataclasses import dataclass
from pathlib import Path

from core.errors import ConfigError

HUGGING_FACE = "https://huggingface.co"
VOCABULARY = ("vocab.json", "merges.txt")  # of a CLIP
TOKENIZER = "tokenizer.json"  # of a SigLIP 2

# Earlier name -> name. The earlier one, which is that of a published model family, still opens runs, links and caches.
RENAMED = {"TinyCLIP": "ToyCLIP"}

# ConvNeXt's poolings in earlier versions of this program: its last LayerNorm at every position, then the pooling.
NORM_FIRST = {"avg": "norm-avg", "max": "norm-max"}


@dataclass(frozen=True)
class Backbone:
    """The spec of one architecture: first what is its own, then what it shares with its relatives."""

    name: str
    default_size: int  # pixels, square: the size it was trained for
    min_size: int  # pixels, square: the smallest that builds
    feature_dim: int  # d of the pooled features
    params: int  # weights without the classifier, BatchNorm statistics included
    params_top: int | None  # with the 1,000-class classifier
    depth: int  # layers with weights, normalisation included, without the classifier
    top1: float | None  # percent on ImageNet, as published
    top5: float | None
    cpu_ms: float | None  # milliseconds per step of 32 images, as published
    gpu_ms: float | None
    weights_file: str  # the official name, as in ~/.keras/models, for CLIP a folder; "" if nothing was published
    weights_hash: str | None  # MD5, or SHA-256 if 64 digits long; None if Keras checks nothing
    family: str
    year: int
    paper: str
    paper_url: str
    licence: str  # of the ImageNet weights
    preprocessing: str  # one of images.PREPROCESSING; inside: the network itself takes 0 to 255
    weights_folder: str  # where Keras downloads from; "" if the file is shipped
    source: str  # of the published figures
    remote_file: str = ""  # its name there, if different
    max_size: int | None = None  # pixels, square: the largest that builds; None if any does
    zero_shot: float | None = None  # percent on ImageNet's validation images, from the names of classes
    loader: str = "keras"  # the module that builds it and finds its weights: keras_loader, or {loader}.loader
    poolings: tuple[str, ...] = (
        "avg",
        "max",
        "flatten",
    )  # of its last feature map, or its outputs; the first is the default
    published: str = "imagenet"  # name of its published weights: CLIP was not trained on ImageNet's labels
    preset: str = ""  # KerasHub's name of them
    pretrained_on: str = "ImageNet"  # what its published weights learned from, as in "was pretrained on"
    patch: int = 1  # pixels: of a transformer, whose input size is a multiple of it
    batchnorm: bool = True  # whether it has BatchNorm layers
    vocabulary: tuple[str, ...] = ()  # files of the words that its text tower knows, beside the weights

    @property
    def weights_url(self) -> str:
        """Where the ImageNet weights are downloaded from, or ""."""
        return self.weights_folder and self.weights_folder + (self.remote_file or self.weights_file)

    @property
    def repository(self) -> str:
        """Where Hugging Face has the weights of a transformer: openai/clip-vit-base-patch32; "" for others."""
        at_hugging_face = self.weights_folder.startswith(f"{HUGGING_FACE}/")
        return self.weights_url.removeprefix(f"{HUGGING_FACE}/") if at_hugging_face else ""

    @property
    def has_text_tower(self) -> bool:
        """Whether it can classify by the names of classes."""
        return bool(self.vocabulary)

    @property
    def text_pooling(self) -> str:
        """The pooling whose features lie where its texts do."""
        return "projected" if "projected" in self.poolings else self.poolings[0]

    @property
    def zero_shot_source(self) -> str:
        """The source of its published zero-shot accuracy."""
        return ZERO_SHOT_SOURCE if self.family == CLIP else self.source

    @property
    def stored_name(self) -> str:
        """Its first name, for digests of what is stored under it."""
        return next((earlier for earlier, name in RENAMED.items() if name == self.name), self.name)

    @property
    def is_transformer(self) -> bool:
        """Whether it computes with attention."""
        return self.patch > 1 or self.has_text_tower

    @property
    def has_tokens(self) -> bool:
        """Whether it computes with tokens instead of feature maps, as all transformers here but Swin do."""
        return self.is_transformer and "avg" not in self.poolings

    @property
    def size_step(self) -> int:
        """Pixels from one input size worth trying to the next."""
        return self.patch if self.patch > 1 and self.has_tokens else 32

    def nearest_size(self, size: int) -> int:
        """The input size it takes that is nearest to this one; where sizes are multiples, from below."""
        taken = max(size, self.min_size)
        taken = min(taken, self.max_size or taken)
        return taken - taken % self.patch

    def params_at(self, size: int) -> int:
        """Its parameters at an input size: the position embeddings of tokens grow with it."""
        if self.patch == 1 or not self.has_tokens:
            return self.params
        return self.params + ((size // self.patch) ** 2 - (self.default_size // self.patch) ** 2) * self.feature_dim

    def check_patches(self, size: int) -> None:
        """Raise a ConfigError if images of this size, in pixels, cannot be cut into its patches."""
        if rest := size % self.patch:
            raise ConfigError(
                f"{self.name} cannot cut images of {size} px into patches of {self.patch} px",
                f"a multiple of {self.patch} px",
                f"Choose {size - rest} or {size - rest + self.patch} px",
            )

    def norm_follows(self, pooling: str) -> bool:
        """Whether its last layer, a LayerNorm, comes after this pooling: ConvNeXt's, as in its paper and in Keras."""
        return NORM_FIRST.get(pooling) in self.poolings

    def own_pooling(self, pooling: str) -> str:
        """Resolve a pooling: "avg", the default everywhere, stands for this backbone's default.

        Raises:
            ConfigError: This backbone has no such pooling.
        """
        if pooling == "avg":
            return self.poolings[0]
        if pooling not in self.poolings:
            raise ConfigError(
                f"{self.name} has no features of pooling {pooling!r}",
                f"one of {', '.join(self.poolings)}",
                f"Choose {self.poolings[0]}",
            )
        return pooling

    def own_weights(self, weights: str | Path) -> str | Path:
        """Resolve weights: "imagenet", the default everywhere, stands for this backbone's published weights."""
        return self.published if weights == "imagenet" else weights


KERAS = "https://storage.googleapis.com/tensorflow/keras-applications"
KERAS_IO = "keras.io/api/applications (CPU: AMD EPYC, 92 cores; GPU: A100; batch 32)"

# fmt: off
# Facts shared by relatives. Licences: from Keras's documentation, or of the repository the weights come from.
VGG = {
    "family": "VGG", "year": 2014, "preprocessing": "caffe", "licence": "CC BY 4.0",
    "paper": "Very Deep Convolutional Networks for Large-Scale Image Recognition",
    "paper_url": "https://arxiv.org/abs/1409.1556",
    "weights_folder": f"{KERAS}/", "source": KERAS_IO, "batchnorm": False,
}
RESNET = {
    "family": "ResNet", "year": 2015, "preprocessing": "caffe", "licence": "MIT",
    "paper": "Deep Residual Learning for Image Recognition",
    "paper_url": "https://arxiv.org/abs/1512.03385",
    "weights_folder": f"{KERAS}/resnet/", "source": KERAS_IO,
}
INCEPTION_V3 = {
    "family": "Inception", "year": 2015, "preprocessing": "tf", "licence": "Apache-2.0",
    "paper": "Rethinking the Inception Architecture for Computer Vision",
    "paper_url": "https://arxiv.org/abs/1512.00567",
    "weights_folder": f"{KERAS}/inception_v3/", "source": KERAS_IO,
}
RESNET_V2 = {
    "family": "ResNetV2", "year": 2016, "preprocessing": "tf", "licence": "BSD-3-Clause",
    "paper": "Identity Mappings in Deep Residual Networks",
    "paper_url": "https://arxiv.org/abs/1603.05027",
    "weights_folder": f"{KERAS}/resnet/", "source": KERAS_IO,
}
INCEPTION_RESNET = {
    "family": "Inception", "year": 2016, "preprocessing": "tf", "licence": "Apache-2.0",
    "paper": "Inception-v4, Inception-ResNet and the Impact of Residual Connections on Learning",
    "paper_url": "https://arxiv.org/abs/1602.07261",
    "weights_folder": f"{KERAS}/inception_resnet_v2/", "source": KERAS_IO,
}
XCEPTION = {
    "family": "Xception", "year": 2016, "preprocessing": "tf", "licence": "MIT",
    "paper": "Xception: Deep Learning with Depthwise Separable Convolutions",
    "paper_url": "https://arxiv.org/abs/1610.02357",
    "weights_folder": f"{KERAS}/xception/", "source": KERAS_IO,
}
DENSENET = {
    "family": "DenseNet", "year": 2016, "preprocessing": "torch", "licence": "BSD-3-Clause",
    "paper": "Densely Connected Convolutional Networks",
    "paper_url": "https://arxiv.org/abs/1608.06993",
    "weights_folder": f"{KERAS}/densenet/", "source": KERAS_IO,
}
MOBILENET = {
    "family": "MobileNet", "year": 2017, "preprocessing": "tf", "licence": "Apache-2.0",
    "paper": "MobileNets: Efficient Convolutional Neural Networks for Mobile Vision Applications",
    "paper_url": "https://arxiv.org/abs/1704.04861",
    "weights_folder": f"{KERAS}/mobilenet/", "source": KERAS_IO,
}
NASNET = {
    "family": "NASNet", "year": 2017, "preprocessing": "tf", "licence": "Apache-2.0",
    "paper": "Learning Transferable Architectures for Scalable Image Recognition",
    "paper_url": "https://arxiv.org/abs/1707.07012",
    "weights_folder": f"{KERAS}/nasnet/", "source": KERAS_IO,
}
MOBILENET_V2 = {
    "family": "MobileNet", "year": 2018, "preprocessing": "tf", "licence": "Apache-2.0",
    "paper": "MobileNetV2: Inverted Residuals and Linear Bottlenecks",
    "paper_url": "https://arxiv.org/abs/1801.04381",
    "weights_folder": f"{KERAS}/mobilenet_v2/", "source": KERAS_IO,
}
MOBILENET_V3 = {
    "family": "MobileNet", "year": 2019, "preprocessing": "inside", "licence": "Apache-2.0",
    "paper": "Searching for MobileNetV3",
    "paper_url": "https://arxiv.org/abs/1905.02244",
    "weights_folder": f"{KERAS}/mobilenet_v3/", "source": "docstring of keras.applications.mobilenet_v3",
}
EFFICIENTNET = {
    "family": "EfficientNet", "year": 2019, "preprocessing": "inside", "licence": "Apache-2.0",
    "paper": "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks",
    "paper_url": "https://arxiv.org/abs/1905.11946",
    "weights_folder": "https://storage.googleapis.com/keras-applications/", "source": KERAS_IO,
}
EFFICIENTNET_LITE = {
    "family": "EfficientNet", "year": 2020, "preprocessing": "inside", "licence": "Apache-2.0",
    "paper": "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks",
    "paper_url": "https://arxiv.org/abs/1905.11946",
    "weights_folder": "", "source": "github.com/tensorflow/tpu, models/official/efficientnet/lite",
}
EFFICIENTNET_V2 = {
    "family": "EfficientNetV2", "year": 2021, "preprocessing": "inside", "licence": "Apache-2.0",
    "paper": "EfficientNetV2: Smaller Models and Faster Training",
    "paper_url": "https://arxiv.org/abs/2104.00298",
    "weights_folder": f"{KERAS}/efficientnet_v2/", "source": KERAS_IO,
}
CONVNEXT = {
    "family": "ConvNeXt", "year": 2022, "preprocessing": "inside", "licence": "MIT",
    "paper": "A ConvNet for the 2020s",
    "paper_url": "https://arxiv.org/abs/2201.03545",
    "weights_folder": f"{KERAS}/convnext/", "source": KERAS_IO,
    "poolings": ("avg", "max", "flatten", *NORM_FIRST.values()), "batchnorm": False,
}
_HUB = {"loader": "hub", "published": "published", "batchnorm": False}
_TOKENS = _HUB | {"poolings": ("class", "patches")}  # the first is the papers'
VIT = {
    "family": "ViT", "year": 2020, "preprocessing": "tf", "licence": "Apache-2.0",
    "paper": "An Image is Worth 16x16 Words: Transformers for Image Recognition at Scale",
    "paper_url": "https://arxiv.org/abs/2010.11929", "weights_folder": f"{HUGGING_FACE}/google/",
    "source": "github.com/google-research/vision_transformer", "pretrained_on": "ImageNet-21k", **_TOKENS,
}
DEIT = {
    "family": "DeiT", "year": 2020, "preprocessing": "torch-bicubic", "licence": "Apache-2.0",
    "paper": "Training data-efficient image transformers & distillation through attention",
    "paper_url": "https://arxiv.org/abs/2012.12877", "weights_folder": f"{HUGGING_FACE}/facebook/",
    "source": "github.com/facebookresearch/deit, README_deit.md",
    "pretrained_on": "ImageNet, with a convolutional network as its teacher", **_TOKENS,
}
SWIN = {
    "family": "Swin", "year": 2021, "preprocessing": "torch-bicubic", "licence": "MIT",
    "paper": "Swin Transformer: Hierarchical Vision Transformer using Shifted Windows",
    "paper_url": "https://arxiv.org/abs/2103.14030", "weights_folder": f"{HUGGING_FACE}/microsoft/",
    "source": "github.com/microsoft/Swin-Transformer", **_HUB,
}
HGNET_V2 = {
    "family": "HGNetV2", "year": 2023, "preprocessing": "torch-bicubic", "licence": "Apache-2.0",
    "paper": "PP-HGNetV2", "paper_url": "https://github.com/PaddlePaddle/PaddleClas/blob/develop/docs/en/models/PP-HGNetV2_en.md",
    "weights_folder": f"{HUGGING_FACE}/timm/", "source": "github.com/PaddlePaddle/PaddleClas, PP-HGNetV2_en.md",
    "pretrained_on": "ImageNet and images of ImageNet-22k, with the answers of a teacher instead of labels",
    "loader": "hgnetv2", "published": "published",
}
DINO_V2 = {
    "family": "DINOv2", "year": 2023, "preprocessing": "torch-bicubic", "licence": "Apache-2.0",
    "paper": "DINOv2: Learning Robust Visual Features without Supervision",
    "paper_url": "https://arxiv.org/abs/2304.07193", "weights_folder": f"{HUGGING_FACE}/facebook/",
    "source": "github.com/facebookresearch/dinov2, of a linear classifier on its features",
    "pretrained_on": "142 million images without labels", **_TOKENS,
}
SIGLIP_2 = {
    "family": "SigLIP2", "year": 2025, "preprocessing": "tf", "licence": "Apache-2.0",
    "paper": "SigLIP 2: Multilingual Vision-Language Encoders with Improved Semantic Understanding, Localization, and "
    "Dense Features",
    "paper_url": "https://arxiv.org/abs/2502.14786", "weights_folder": f"{HUGGING_FACE}/google/",
    "source": "arXiv:2502.14786, table 1", "pretrained_on": "WebLI, 10 billion images and their texts in 109 languages",
    "loader": "siglip", "published": "published", "vocabulary": (TOKENIZER,),
    "poolings": ("attention", "patches"), "batchnorm": False,
}
_IMAGENET_21K_FIRST = "ImageNet-21k, then ImageNet"  # docstring of keras.applications.convnext
FROM_SCRATCH = "From scratch"
_SCRATCH = {
    "family": FROM_SCRATCH, "preprocessing": "inside", "licence": "", "weights_folder": "",
    "source": "written out in core/backbones/networks.py", "pretrained_on": "",
}
CUSTOM = {"year": 2026, "paper": "", "paper_url": "", "batchnorm": False, **_SCRATCH}
LENET = {
    "year": 1998, "paper": "Gradient-Based Learning Applied to Document Recognition",
    "paper_url": "https://doi.org/10.1109/5.726791", "batchnorm": False, **_SCRATCH,
}
VGG_SMALL = {"year": 2014, "paper": VGG["paper"], "paper_url": VGG["paper_url"], **_SCRATCH}
RESNET_SMALL = {"year": 2015, "paper": RESNET["paper"], "paper_url": RESNET["paper_url"], **_SCRATCH}
MOBILENET_SMALL = {"year": 2017, "paper": MOBILENET["paper"], "paper_url": MOBILENET["paper_url"], **_SCRATCH}
GOOGLENET = {
    "year": 2014, "paper": "Going Deeper with Convolutions", "paper_url": "https://arxiv.org/abs/1409.4842",
}


def _textbook(of: dict) -> dict:
    shared = {key: of[key] for key in ("year", "paper", "paper_url", "poolings", "batchnorm") if key in of}
    return _SCRATCH | shared | {"source": "written out in core/backbones/textbook"}


CLIP = "CLIP"
ZERO_SHOT_SOURCE = "github.com/mlfoundations/open_clip, docs/openclip_results.csv"
_TOWERS = {
    "loader": "clip", "published": "published", "vocabulary": VOCABULARY,
    "batchnorm": False,
    "poolings": ("class", "projected"),  # before, after projection
}
OPENAI = {
    "family": CLIP, "year": 2021, "preprocessing": "clip", "licence": "MIT",
    "paper": "Learning Transferable Visual Models From Natural Language Supervision",
    "paper_url": "https://arxiv.org/abs/2103.00020",
    "weights_folder": f"{HUGGING_FACE}/openai/", "source": "github.com/openai/CLIP",
    "pretrained_on": "400 million images and their captions", **_TOWERS,
}
LAION = {
    "family": CLIP, "year": 2022, "preprocessing": "clip", "licence": "MIT",
    "paper": OPENAI["paper"], "paper_url": OPENAI["paper_url"], "weights_folder": f"{HUGGING_FACE}/laion/",
    "source": "github.com/mlfoundations/open_clip; trained anew by LAION (arXiv:2212.07143)",
    "pretrained_on": "2 billion images and their captions", **_TOWERS,
}
TOY_CLIP = OPENAI | {
    "year": 2026, "licence": "that of this repository", "weights_folder": "",
    "source": "a toy trained by assets/make_toy_clip.py on captions of the training images of the CIFAR-10 sample",
    "pretrained_on": "captions of this program's own sample",
}
TINY = {
    "family": "Tiny", "year": 2026, "preprocessing": "inside", "licence": "",
    "paper": "", "paper_url": "", "weights_folder": "", "source": "a network for tests", "pretrained_on": "",
    "batchnorm": False,
}

_ROWS = (
    # name, default and minimum size, feature_dim, params, params_top, depth, top1, top5, cpu_ms, gpu_ms,
    #        weights_file, weights_hash, relatives
    Backbone("VGG16", 224, 32, 512, 14_714_688, 138_357_544, 13, 71.3, 90.1, 69.5, 4.2,
             "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5", "6d6bbae143d832006294945121d1f1fc", **VGG,
             remote_file="vgg16/vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5"),
    Backbone("VGG19", 224, 32, 512, 20_024_384, 143_667_240, 16, 71.3, 90.0, 84.8, 4.4,
             "vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5", "253f8cb515780f3b799900260a226db6", **VGG,
             remote_file="vgg19/vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5"),
    Backbone("ResNet50", 224, 32, 2048, 23_587_712, 25_636_712, 106, 74.9, 92.1, 58.2, 4.6,
             "resnet50_weights_tf_dim_ordering_tf_kernels_notop.h5", "4d473c1dd8becc155b73f8504c6f6626", **RESNET),
    Backbone("ResNet101", 224, 32, 2048, 42_658_176, 44_707_176, 208, 76.4, 92.8, 89.6, 5.2,
             "resnet101_weights_tf_dim_ordering_tf_kernels_notop.h5", "88cf7a10940856eca736dc7b7e228a21", **RESNET),
    Backbone("ResNet152", 224, 32, 2048, 58_370_944, 60_419_944, 310, 76.6, 93.1, 127.4, 6.5,
             "resnet152_weights_tf_dim_ordering_tf_kernels_notop.h5", "ee4c566cf9a93f14d82f913c2dc6dd0c", **RESNET),
    Backbone("InceptionV3", 299, 75, 2048, 21_802_784, 23_851_784, 188, 77.9, 93.7, 42.2, 6.9,
             "inception_v3_weights_tf_dim_ordering_tf_kernels_notop.h5", "bcbd6486424b2319ff4ef7d526e38f63",
             **INCEPTION_V3),
    Backbone("ResNet50V2", 224, 32, 2048, 23_564_800, 25_613_800, 102, 76.0, 93.0, 45.6, 4.4,
             "resnet50v2_weights_tf_dim_ordering_tf_kernels_notop.h5", "fac2f116257151a9d068a22e544a4917", **RESNET_V2),
    Backbone("ResNet101V2", 224, 32, 2048, 42_626_560, 44_675_560, 204, 77.2, 93.8, 72.7, 5.4,
             "resnet101v2_weights_tf_dim_ordering_tf_kernels_notop.h5", "c0ed64b8031c3730f411d2eb4eea35b5",
             **RESNET_V2),
    Backbone("ResNet152V2", 224, 32, 2048, 58_331_648, 60_380_648, 306, 78.0, 94.2, 107.5, 6.6,
             "resnet152v2_weights_tf_dim_ordering_tf_kernels_notop.h5", "ed17cf2e0169df9d443503ef94b23b33",
             **RESNET_V2),
    Backbone("InceptionResNetV2", 299, 75, 1536, 54_336_736, 55_873_736, 448, 80.3, 95.3, 130.2, 10.0,
             "inception_resnet_v2_weights_tf_dim_ordering_tf_kernels_notop.h5", "d19885ff4a710c122648d3b5c3b684e4",
             **INCEPTION_RESNET),
    Backbone("Xception", 299, 71, 2048, 20_861_480, 22_910_480, 80, 79.0, 94.5, 109.4, 8.1,
             "xception_weights_tf_dim_ordering_tf_kernels_notop.h5", "b0042744bf5b25fce3cb969f33bebb97", **XCEPTION),
    Backbone("DenseNet121", 224, 32, 1024, 7_037_504, 8_062_504, 241, 75.0, 92.3, 77.1, 5.4,
             "densenet121_weights_tf_dim_ordering_tf_kernels_notop.h5", "30ee3e1110167f948a6b9946edeeb738", **DENSENET),
    Backbone("DenseNet169", 224, 32, 1664, 12_642_880, 14_307_880, 337, 76.2, 93.2, 96.4, 6.3,
             "densenet169_weights_tf_dim_ordering_tf_kernels_notop.h5", "b8c4d4c20dd625c148057b9ff1c1176b", **DENSENET),
    Backbone("DenseNet201", 224, 32, 1920, 18_321_984, 20_242_984, 401, 77.3, 93.6, 127.2, 6.7,
             "densenet201_weights_tf_dim_ordering_tf_kernels_notop.h5", "c13680b51ded0fb44dff2d8f86ac8bb1", **DENSENET),
    Backbone("MobileNet", 224, 32, 1024, 3_228_864, 4_253_864, 54, 70.4, 89.5, 22.6, 3.4,
             "mobilenet_1_0_224_tf_no_top.h5", None, **MOBILENET),
    Backbone("NASNetMobile", 224, 32, 1056, 4_269_716, 5_326_716, 388, 74.4, 91.9, 27.0, 6.7,
             "nasnet_mobile_no_top.h5", "1ed92395b5b598bdda52abe5c0dbfd63", **NASNET,
             remote_file="NASNet-mobile-no-top.h5"),
    Backbone("NASNetLarge", 331, 32, 4032, 84_916_818, 88_949_818, 532, 82.5, 96.0, 344.5, 20.0,
             "nasnet_large_no_top.h5", "d81d89dc07e6e56530c4e77faddd61b5", **NASNET,
             remote_file="NASNet-large-no-top.h5"),
    Backbone("MobileNetV2", 224, 32, 1280, 2_257_984, 3_538_984, 104, 71.3, 90.1, 25.9, 3.8,
             "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224_no_top.h5", None, **MOBILENET_V2),
    Backbone("MobileNetV3Small", 224, 32, 576, 939_120, 2_554_968, 86, 68.1, None, None, None,
             "weights_mobilenet_v3_small_224_1.0_float_no_top_v2.h5", "d3e8ec802a04aa4fc771ee12a9a9b836",
             **MOBILENET_V3),
    Backbone("MobileNetV3Large", 224, 32, 960, 2_996_352, 5_507_432, 108, 75.6, None, None, None,
             "weights_mobilenet_v3_large_224_1.0_float_no_top_v2.h5", "07fb09a5933dd0c8eaafa16978110389",
             **MOBILENET_V3),
    Backbone("EfficientNetB0", 224, 32, 1280, 4_049_571, 5_330_571, 131, 77.1, 93.3, 46.0, 4.9,
             "efficientnetb0_notop.h5", "50bc09e76180e00e4465e1a485ddc09d", **EFFICIENTNET),
    Backbone("EfficientNetB1", 240, 32, 1280, 6_575_239, 7_856_239, 185, 79.1, 94.4, 60.2, 5.6,
             "efficientnetb1_notop.h5", "74c4e6b3e1f6a1eea24c589628592432", **EFFICIENTNET),
    Backbone("EfficientNetB2", 260, 32, 1408, 7_768_569, 9_177_569, 185, 80.1, 94.9, 80.8, 6.5,
             "efficientnetb2_notop.h5", "111f8e2ac8aa800a7a99e3239f7bfb39", **EFFICIENTNET),
    Backbone("EfficientNetB3", 300, 32, 1536, 10_783_535, 12_320_535, 209, 81.6, 95.7, 140.0, 8.8,
             "efficientnetb3_notop.h5", "af6d107764bb5b1abb91932881670226", **EFFICIENTNET),
    Backbone("EfficientNetB4", 380, 32, 1792, 17_673_823, 19_466_823, 257, 82.9, 96.4, 308.3, 15.1,
             "efficientnetb4_notop.h5", "ebc24e6d6c33eaebbd558eafbeedf1ba", **EFFICIENTNET),
    Backbone("EfficientNetB5", 456, 32, 2048, 28_513_527, 30_562_527, 311, 83.6, 96.7, 579.2, 25.3,
             "efficientnetb5_notop.h5", "38879255a25d3c92d5e44e04ae6cec6f", **EFFICIENTNET),
    Backbone("EfficientNetB6", 528, 32, 2304, 40_960_143, 43_265_143, 359, 84.0, 96.8, 958.1, 40.4,
             "efficientnetb6_notop.h5", "9ecce42647a20130c1f39a5d4cb75743", **EFFICIENTNET),
    Backbone("EfficientNetB7", 600, 32, 2560, 64_097_687, 66_658_687, 437, 84.3, 97.0, 1578.9, 61.6,
             "efficientnetb7_notop.h5", "cbcfe4450ddf6f3ad90b1b398090fe4a", **EFFICIENTNET),
    Backbone("EfficientNetLite0", 224, 32, 1280, 3_413_024, 4_694_024, 98, 75.1, None, None, None,
             "efficientnet_lite0.weights.h5", None, **EFFICIENTNET_LITE),
    Backbone("EfficientNetV2B0", 224, 32, 1280, 5_919_312, 7_200_312, 150, 78.7, 94.3, None, None,
             "efficientnetv2-b0_notop.h5", "893217f2bb855e2983157299931e43ff", **EFFICIENTNET_V2),
    Backbone("EfficientNetV2B1", 240, 32, 1280, 6_931_124, 8_212_124, 184, 79.8, 95.0, None, None,
             "efficientnetv2-b1_notop.h5", "0e80663031ca32d657f9caa404b6ec37", **EFFICIENTNET_V2),
    Backbone("EfficientNetV2B2", 260, 32, 1408, 8_769_374, 10_178_374, 192, 80.5, 95.1, None, None,
             "efficientnetv2-b2_notop.h5", "1dfe2e7a5d45b6632553a8961ea609eb", **EFFICIENTNET_V2),
    Backbone("EfficientNetV2B3", 300, 32, 1536, 12_930_622, 14_467_622, 224, 82.0, 95.8, None, None,
             "efficientnetv2-b3_notop.h5", "f6abf7b5849ac99a89b50dd3fd532856", **EFFICIENTNET_V2),
    Backbone("EfficientNetV2S", 384, 32, 1280, 20_331_360, 21_612_360, 280, 83.9, 96.7, None, None,
             "efficientnetv2-s_notop.h5", "af0682fb74e8c54910f2d4393339c070", **EFFICIENTNET_V2),
    Backbone("EfficientNetV2M", 480, 32, 1280, 53_150_388, 54_431_388, 402, 85.3, 97.4, None, None,
             "efficientnetv2-m_notop.h5", "1b8dc055df72dde80d614482840fe342", **EFFICIENTNET_V2),
    Backbone("EfficientNetV2L", 480, 32, 1280, 117_746_848, 119_027_848, 556, 85.7, 97.5, None, None,
             "efficientnetv2-l_notop.h5", "b0b66b5c863aef5b46e8608fe1711615", **EFFICIENTNET_V2),
    Backbone("ConvNeXtTiny", 224, 32, 768, 27_820_128, 28_589_128, 99, 81.3, None, None, None,
             "convnext_tiny_notop.h5", "d547c096cabd03329d7be5562c5e14798aa39ed24b474157cef5e85ab9e49ef1", **CONVNEXT),
    Backbone("ConvNeXtSmall", 224, 32, 768, 49_454_688, 50_223_688, 189, 82.3, None, None, None,
             "convnext_small_notop.h5", "6fc8009faa2f00c1c1dfce59feea9b0745eb260a7dd11bee65c8e20843da6eab", **CONVNEXT),
    Backbone("ConvNeXtBase", 224, 32, 1024, 87_566_464, 88_591_464, 189, 85.3, None, None, None,
             "convnext_base_notop.h5", "40a20c5548a5e9202f69735ecc06c990e6b7c9d2de39f0361e27baeb24cb7c45", **CONVNEXT,
             pretrained_on=_IMAGENET_21K_FIRST),
    Backbone("ConvNeXtLarge", 224, 32, 1536, 196_230_336, 197_767_336, 189, 86.3, None, None, None,
             "convnext_large_notop.h5", "96f02b6f0753d4f543261bc9d09bed650f24dd6bc02ddde3066135b63d23a1cd", **CONVNEXT,
             pretrained_on=_IMAGENET_21K_FIRST),
    Backbone("ConvNeXtXLarge", 224, 32, 2048, 348_147_968, 350_196_968, 189, 86.7, None, None, None,
             "convnext_xlarge_notop.h5", "de3f8a54174130e0cecdc71583354753d557fcf1f4487331558e2a16ba0cfe05",
             **CONVNEXT,
             pretrained_on=_IMAGENET_21K_FIRST),
    Backbone("ViTB32", 224, 32, 768, 87_455_232, None, 64, None, None, None, None,
             "vit-base-patch32-224-in21k", None, **VIT, patch=32, preset="vit_base_patch32_224_imagenet21k"),
    Backbone("ViTB16", 224, 16, 768, 85_798_656, None, 64, None, None, None, None,
             "vit-base-patch16-224-in21k", None, **VIT, patch=16, preset="vit_base_patch16_224_imagenet21k"),
    Backbone("ViTL16", 224, 16, 1024, 303_301_632, None, 124, None, None, None, None,
             "vit-large-patch16-224-in21k", None, **VIT, patch=16, preset="vit_large_patch16_224_imagenet21k"),
    Backbone("DeiTTiny", 224, 32, 192, 5_524_800, None, 64, 74.5, 91.9, None, None,
             "deit-tiny-distilled-patch16-224", None, **DEIT, patch=16,
             preset="deit_tiny_distilled_patch16_224_imagenet"),
    Backbone("DeiTSmall", 224, 32, 384, 21_666_432, None, 64, 81.2, 95.4, None, None,
             "deit-small-distilled-patch16-224", None, **DEIT, patch=16,
             preset="deit_small_distilled_patch16_224_imagenet"),
    Backbone("DeiTBase", 224, 32, 768, 85_800_192, None, 64, 83.4, 96.5, None, None,
             "deit-base-distilled-patch16-224", None, **DEIT, patch=16,
             preset="deit_base_distilled_patch16_224_imagenet"),
    # Without the mask token, which only its training uses.
    Backbone("SwinTiny", 224, 64, 768, 27_519_354, None, 69, 81.2, 95.5, None, None,
             "swin-tiny-patch4-window7-224", None, **SWIN, patch=4, preset="swin_tiny_patch4_window7_224"),
    Backbone("SwinSmall", 224, 64, 768, 48_837_258, None, 129, 83.2, 96.2, None, None,
             "swin-small-patch4-window7-224", None, **SWIN, patch=4, preset="swin_small_patch4_window7_224"),
    Backbone("SwinBase", 224, 64, 1024, 86_743_224, None, 129, 83.5, 96.5, None, None,
             "swin-base-patch4-window7-224", None, **SWIN, patch=4, preset="swin_base_patch4_window7_224"),
    Backbone("DINOv2Small", 224, 14, 384, 21_628_800, None, 88, 81.1, None, None, None,
             "dinov2-small", None, **DINO_V2, patch=14, preset="dinov2_small"),
    Backbone("DINOv2Base", 224, 14, 768, 85_724_928, None, 88, 84.5, None, None, None,
             "dinov2-base", None, **DINO_V2, patch=14, preset="dinov2_base"),
    Backbone("DINOv2Large", 224, 14, 1024, 303_227_904, None, 172, 86.3, None, None, None,
             "dinov2-large", None, **DINO_V2, patch=14, preset="dinov2_large"),
    Backbone("HGNetV2B4", 224, 32, 2048, 13_599_072, 19_842_376, 160, 83.57, 96.72, None, None,
             "hgnetv2_b4.ssld_stage2_ft_in1k", None, **HGNET_V2, preset="hgnetv2_b4_ssld_stage2_ft_in1k"),
    Backbone("HGNetV2B5", 224, 32, 2048, 33_419_680, 39_662_984, 260, 84.75, 97.32, None, None,
             "hgnetv2_b5.ssld_stage2_ft_in1k", None, **HGNET_V2, preset="hgnetv2_b5_ssld_stage2_ft_in1k"),
    Backbone("HGNetV2B6", 224, 32, 2048, 69_179_888, 75_423_192, 348, 86.30, 97.84, None, None,
             "hgnetv2_b6.ssld_stage2_ft_in1k", None, **HGNET_V2, preset="hgnetv2_b6_ssld_stage2_ft_in1k"),
    Backbone("CustomCNN", 32, 16, 128, 93_248, None, 3, None, None, None, None, "", None, **CUSTOM),
    Backbone("LeNet", 32, 16, 120, 50_992, None, 3, None, None, None, None, "", None, **LENET),
    Backbone("VGGSmall", 32, 16, 256, 1_148_096, None, 12, None, None, None, None, "", None, **VGG_SMALL),
    Backbone("ResNet20", 32, 16, 64, 273_392, None, 42, None, None, None, None, "", None, **RESNET_SMALL),
    Backbone("MobileNetSmall", 32, 16, 512, 614_336, None, 34, None, None, None, None, "", None, **MOBILENET_SMALL),
    Backbone("TextbookVGG16", 64, 32, 512, 14_714_688, None, 13, None, None, None, None, "", None, **_textbook(VGG)),
    Backbone("TextbookInception", 32, 16, 512, 1_497_952, None, 52, None, None, None, None, "", None,
             **_textbook(GOOGLENET)),
    Backbone("TextbookResNet50", 64, 32, 2048, 23_587_712, None, 106, None, None, None, None, "", None,
             **_textbook(RESNET)),
    Backbone("TextbookDenseNet121", 64, 32, 1024, 7_037_504, None, 241, None, None, None, None, "", None,
             **_textbook(DENSENET)),
    Backbone("TextbookXception", 64, 32, 2048, 20_861_480, None, 80, None, None, None, None, "", None,
             **_textbook(XCEPTION)),
    Backbone("TextbookMobileNet", 64, 32, 1024, 3_228_864, None, 54, None, None, None, None, "", None,
             **_textbook(MOBILENET)),
    Backbone("TextbookEfficientNetB0", 64, 32, 1280, 4_049_571, None, 131, None, None, None, None, "", None,
             **_textbook(EFFICIENTNET)),
    Backbone("TextbookConvNeXtTiny", 64, 32, 768, 27_820_128, None, 99, None, None, None, None, "", None,
             **_textbook(CONVNEXT)),
    # Params of a CLIP are its image tower's, before the projection; depth counts each transformer block as one.
    # There is one input size, because the position embeddings are learned.
    Backbone("ToyCLIP", 32, 32, 128, 280_129, None, 5, None, None, None, None, "toy_clip", None, **TOY_CLIP,
             max_size=32),
    Backbone("CLIPViTB32", 224, 224, 768, 87_456_050, None, 15, None, None, None, None,
             "clip-vit-base-patch32", None, **OPENAI, max_size=224, zero_shot=63.3,
             preset="clip_vit_base_patch32"),
    Backbone("CLIPViTB16", 224, 224, 768, 85_799_621, None, 15, None, None, None, None,
             "clip-vit-base-patch16", None, **OPENAI, max_size=224, zero_shot=68.3,
             preset="clip_vit_base_patch16"),
    Backbone("CLIPViTL14", 224, 224, 1024, 303_180_033, None, 27, None, None, None, None,
             "clip-vit-large-patch14", None, **OPENAI, max_size=224, zero_shot=75.5,
             preset="clip_vit_large_patch14"),
    Backbone("CLIPViTL14at336", 336, 336, 1024, 303_508_033, None, 27, None, None, None, None,
             "clip-vit-large-patch14-336", None, **OPENAI, max_size=336, zero_shot=76.6,
             preset="clip_vit_large_patch14_336"),
    Backbone("CLIPViTB32LAION", 224, 224, 768, 87_456_050, None, 15, None, None, None, None,
             "CLIP-ViT-B-32-laion2B-s34B-b79K", None, **LAION, max_size=224, zero_shot=66.6,
             preset="clip_vit_b_32_laion2b_s34b_b79k"),
    Backbone("CLIPViTH14LAION", 224, 224, 1280, 630_766_337, None, 35, None, None, None, None,
             "CLIP-ViT-H-14-laion2B-s32B-b79K", None, **LAION, max_size=224, zero_shot=78.0,
             preset="clip_vit_h_14_laion2b_s32b_b79k"),
    Backbone("CLIPViTg14LAION", 224, 224, 1408, 1_011_204_097, None, 43, None, None, None, None,
             "CLIP-ViT-g-14-laion2B-s12B-b42K", None, **LAION, max_size=224, zero_shot=76.6,
             preset="clip_vit_g_14_laion2b_s12b_b42k"),
    Backbone("CLIPViTbigG14LAION", 224, 224, 1664, 1_842_777_601, None, 51, None, None, None, None,
             "CLIP-ViT-bigG-14-laion2B-39B-b160k", None, **LAION, max_size=224, zero_shot=80.1,
             preset="clip_vit_bigg_14_laion2b_39b_b160k"),
    # Its image tower, with the attention that pools the patches.
    Backbone("SigLIP2B16", 224, 16, 768, 92_884_224, None, 68, None, None, None, None,
             "siglip2-base-patch16-224", None, **SIGLIP_2, patch=16, zero_shot=78.2,
             preset="siglip2_base_patch16_224"),
    Backbone("Tiny", 32, 8, 16, 3_712, None, 3, None, None, None, None,
             "", None, **TINY),
)
# fmt: on

BACKBONES: dict[str, Backbone] = {spec.name: spec for spec in _ROWS}
