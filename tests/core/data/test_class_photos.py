"""Everybody's photos of new classes become one dataset, which learners see as they see the work of others."""

from pathlib import Path

import numpy as np
import pytest

from core import people, roster
from core.cli import images
from core.data import class_photos, datasets
from core.data import dataset as stored
from core.errors import AccessError, DatasetError

SPLITS = ("train", "train", "val", "test")


@pytest.fixture(autouse=True)
def a_class(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ada and Ben have joined a class, and nobody acts yet."""
    monkeypatch.setenv("BACKBONE_LAB_MODE", "class")
    for name in ("Ada", "Ben"):
        roster.join(roster.read().code, name)


def taken(person: str, class_names: tuple[str, ...], *, size: int = 32, first: int = 0) -> str:
    """The name of a person's dataset of four photos a class; the shades begin at `first`."""
    photos = [
        (np.full((size, size, 3), first + 4 * label + number, np.uint8), label, split, f"{number}.jpg")
        for label in range(len(class_names))
        for number, split in enumerate(SPLITS)
    ]
    about = {"class_names": class_names, "source": class_photos.SOURCE, "licence": "", "skipped": ()}
    with people.acting_as(person):
        return stored.write([(person.casefold(), person)], photos, metadata=about).name


def gathered() -> datasets.Dataset:
    with people.acting_as(people.LECTURER):
        return class_photos.gather()


def test_classes_of_one_name_are_one_and_each_photo_is_its_persons():
    taken("Ada", ("cup", "Pen"))
    taken("Ben", ("mug", "pen", "tin"), size=64, first=100)
    dataset = gathered()
    assert dataset.class_names == ("cup", "mug", "Pen", "tin") and dataset.images.shape == (20, 48, 48, 3)
    assert np.bincount(dataset.labels).tolist() == [4, 4, 8, 4]
    names = list(dataset.people)
    of_pens = [names[owner] for owner in dataset.owners()[dataset.labels == 2]]
    assert sorted(of_pens) == ["Ada"] * 4 + ["Ben"] * 4
    assert dataset.official.tolist() == list(SPLITS) * 5
    assert dataset.images[dataset.owners() == names.index("Ben")].min() == 100


def test_a_photo_in_several_datasets_counts_once():
    ada = datasets.load(taken("Ada", ("cup", "pen")))
    with people.acting_as("Ada"):
        copy = datasets.copy(ada, "Again", note="The same.")
    assert copy.source == class_photos.SOURCE and len(gathered().labels) == 8


def test_images_that_are_held_back_stay_so():
    taken("Ada", ("cup", "pen"))
    with people.acting_as(people.LECTURER):
        stored.hold_back(taken("Ben", ("cup", "pen"), first=100), "friday")
    assert list(gathered().people) == ["Ada"]


def test_learners_see_it_while_they_see_each_other_and_cannot_change_it():
    taken("Ada", ("cup", "pen"))
    dataset = gathered()
    for change in (class_photos.gather, lambda: datasets.delete(dataset.name)):
        with people.acting_as("Ada"), pytest.raises(AccessError, match="Only the lecturer can"):
            change()
    for shown in (True, False):
        with people.acting_as(people.LECTURER):
            people.change(shown=shown)
        with people.acting_as("Ben"):
            assert people.may("see", dataset.person) == shown
    with people.acting_as(people.LECTURER):
        assert people.may("see", dataset.person)
    with pytest.raises(AccessError, match="Everyone is taken"):
        roster.join(roster.read().code, "Everyone")


def test_it_is_made_anew_in_its_place_and_goes_with_photos_that_are_deleted():
    ada = taken("Ada", ("cup", "pen"))
    first = gathered()
    ben = taken("Ben", ("cup", "pen"), first=100)
    second = gathered()
    assert second.name == first.name and second.fingerprint != first.fingerprint
    assert set(stored.names()) == {ada, ben, second.name}
    with people.acting_as("Ada"):
        datasets.delete(ada)
    assert stored.names() == [ben]


def test_the_terminal_gathers_them_too():
    with people.acting_as(people.LECTURER):
        with pytest.raises(DatasetError, match="Take photos"):
            images.perform("gather", [])
        taken("Ada", ("cup", "pen"))
        listed, text = images.perform("gather", [])
    assert "photos-of-the-class has everybody's photos" in text
    assert [each["images"] for each in listed if each["name"] == "photos-of-the-class"] == [8]
