"""What a seed decides: the same configuration with several seeds, refused where all of them would be one."""

import pytest

from core import seeds
from core.config import RunConfig
from core.errors import ConfigError


@pytest.mark.parametrize(
    ("fields", "decided"),
    [
        ({}, ()),
        ({"method": "knn"}, ()),
        ({"method": "zero-shot", "backbone": "ToyCLIP"}, ()),
        ({"n_train": 500}, ("the training images drawn",)),
        ({"method": "mlp"}, ("the initial weights", "the order of the images")),
        ({"method": "finetune", "start": "a probe", "dropout": 0.0}, ("the order of the images",)),
        (
            {"method": "scratch", "augment": "flip"},
            ("the initial weights", "the order of the images", "dropout", "augmentation"),
        ),
    ],
)
def test_what_a_seed_decides_depends_on_the_method_and_the_images(fields, decided):
    config = RunConfig(**fields)
    assert seeds.decides(config) == decided
    if decided:
        assert [each.seed for each in seeds.configs(config, 3)] == [0, 1, 2]
    else:
        with pytest.raises(ConfigError, match="3 seeds would give the same result 3 times"):
            seeds.configs(config, 3)
    assert seeds.configs(config, 1) == [config]


@pytest.mark.parametrize("count", [0, -1, seeds.MOST + 1, 1000])
def test_too_few_or_too_many_seeds_are_refused(count):
    with pytest.raises(ConfigError, match=f"seeds is {count}. Expected 1 to {seeds.MOST}"):
        seeds.configs(RunConfig(n_train=100), count)


def test_seeds_are_counted_from_the_one_that_was_chosen():
    first, second = seeds.configs(RunConfig(n_train=100, seed=7), 2)
    assert (first.seed, second.seed) == (7, 8)
    with pytest.raises(ConfigError, match="seed is"):
        seeds.configs(RunConfig(n_train=100, seed=2**63 - 1), 2)
