"""Two runs side by side: what they are called, and what differs between them."""

import pytest

from dashboard.run.versus import differences, names_of
from tests.run_rows import row

RUN = {
    "id": "a",
    "backbone": "VGG16",
    "dataset": "cifar10",
    "recipe": "book-as-printed",
    "method": "finetune",
    "n_train": 400,
    "input_size": 96,
}


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({"recipe": "book-corrected"}, ("The book, as printed", "The book, corrected")),
        ({"backbone": "VGG19"}, ("VGG16", "VGG19")),
        (
            {"input_size": 224, "recipe": "", "method": "knn"},
            ("The book, as printed (96 px)", "Nearest neighbours (224 px)"),
        ),
        ({"n_train": 4000.0}, ("400 training images", "4,000 training images")),
        ({"pooling": "max"}, ("avg pooling", "max pooling")),
        ({"epochs": 5}, ("epochs 3", "epochs 5")),
        ({"hidden": 64}, ("this run", "the other run")),  # a fine-tune does not read it
        ({"unfreeze": "all"}, ("the fine-tune of the last 2 blocks", "the fine-tune of every layer")),
        ({}, ("this run", "the other run")),
    ],
)
def test_two_runs_are_called_by_what_tells_them_apart(changes: dict, names: tuple[str, str]):
    assert names_of(row(**RUN), row(**RUN | changes)) == names


def test_settings_that_a_method_does_not_read_are_not_compared():
    probe, words = row(**RUN | {"recipe": "", "method": "linear"}), row(backbone="CLIPViTB32", method="zero-shot")
    frame = differences(probe, words, ("Probe", "Words"))
    assert frame.loc["method"].tolist() == ["Linear", "Zero-shot"]
    assert frame.loc["n train"].tolist() == ["400", "–"]
    assert not {"epochs", "batch size", "learning rate", "unfreeze", "optimizer"} & set(frame.index)
    tuned = differences(row(**RUN), probe, ("Tuned", "Probe"))
    assert tuned.loc["unfreeze"].tolist() == ["blocks", "–"]
    slow, large = (row(**RUN | changes) for changes in ({"learning_rate": 1e-6}, {"n_train": 45_000.0}))
    frame = differences(slow, large, ("Slow", "Large"))
    assert (frame.loc["learning rate", "Slow"], frame.loc["n train", "Large"]) == ("1e-6", "45,000")
    assert differences(probe, probe, ("one", "other")).empty
