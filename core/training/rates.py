"""Which learning rate a run could take: the finder of `lr_finder`, from a config alone, for whoever only has that."""

from core import backbones, protocol
from core.config import RunConfig
from core.data import datasets
from core.errors import ConfigError
from core.progress import Report, silent


def find(config: RunConfig, report: Report = silent):
    """The loss while the learning rate rises, and the rate that it suggests.

    Returns:
        A table of `learning_rate` and `loss`, and the suggested rate, if there is one.

    Raises:
        LabError: The run would fail with the same message.
    """
    from core.training import lr_finder

    if not config.trains:
        raise ConfigError(f"The method is {config.method}", "a fine-tune or a training from scratch")
    dataset = datasets.load(config.dataset)
    rows = protocol.choose_rows(dataset, config)
    weights = backbones.find_weights(config.backbone, config.weights, report=report)
    return lr_finder.find(config, dataset, rows, weights=weights, report=report)
