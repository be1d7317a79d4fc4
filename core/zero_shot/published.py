"""Published zero-shot accuracies of the CLIPs, to compare one's own with.

From `SOURCE` at commit f862f86: all official test images, the templates of that evaluation.
"""

from core.backbones.catalog import ZERO_SHOT_SOURCE

SOURCE = ZERO_SHOT_SOURCE
ACCURACY = {  # model -> dataset -> fraction of the test images
    "CLIPViTB32": {"cifar10": 0.8983, "cifar100": 0.6423},
    "CLIPViTB16": {"cifar10": 0.9077, "cifar100": 0.6695},
    "CLIPViTL14": {"cifar10": 0.9559, "cifar100": 0.7582},
    "CLIPViTL14at336": {"cifar10": 0.9493, "cifar100": 0.7436},
    "CLIPViTB32LAION": {"cifar10": 0.9358, "cifar100": 0.7555},
    "CLIPViTH14LAION": {"cifar10": 0.9745, "cifar100": 0.8473},
    "CLIPViTg14LAION": {"cifar10": 0.9706, "cifar100": 0.8392},
    "CLIPViTbigG14LAION": {"cifar10": 0.9824, "cifar100": 0.8752},
}
TESTED = 10_000  # official test images of either
_OF_SAMPLE = {"cifar10-sample": "cifar10"}


def find(model: str, dataset: str) -> tuple[str, float] | None:
    """The dataset that the figure is for, and the accuracy, 0 to 1; a sample has that of the whole."""
    whole = _OF_SAMPLE.get(dataset, dataset)
    accuracy = ACCURACY.get(model, {}).get(whole)
    return None if accuracy is None else (whole, accuracy)
