"""One result from several seeds: the configurations, and what a seed decides in them."""

from dataclasses import replace

from core import heads
from core.config import ZERO_SHOT, RunConfig
from core.errors import ConfigError

MOST = 20
HOW = (
    "Choose fewer training images than there are (n_train), so that each seed draws its own, "
    "or a method that starts from random weights"
)


def decides(config: RunConfig) -> tuple[str, ...]:
    """What differs from seed to seed, as in the middle of a sentence; nothing: every seed gives the same result.

    The test images and the splits are the same for every seed.
    """
    if config.method == ZERO_SHOT:
        return ()
    parts = ["the training images drawn"] if config.n_train else []
    learns = config.trains or "seed" in heads.METHODS[config.method].options
    if learns and not config.start:
        parts.append("the initial weights")
    if learns:
        parts.append("the order of the images")
    if config.trains and config.dropout:
        parts.append("dropout")
    if config.augmentations:
        parts.append("augmentation")
    return tuple(parts)


def configs(config: RunConfig, count: int) -> list[RunConfig]:
    """A configuration with `count` seeds, from its own seed upwards.

    Raises:
        ConfigError: The count is not 1 to `MOST`, or every seed would give the same result.
    """
    if not 1 <= count <= MOST:
        raise ConfigError(f"seeds is {count}", f"1 to {MOST}", "It means: how many runs that differ only in their seed")
    if count > 1 and not decides(config):
        raise ConfigError(
            f"{count} seeds would give the same result {count} times: nothing is drawn at random",
            "something that the seed decides",
            HOW if config.method != ZERO_SHOT else "Run it once",
        )
    return [replace(config, seed=config.seed + number) for number in range(count)]
