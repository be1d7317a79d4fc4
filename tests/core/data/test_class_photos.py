"""Everybody's photos of new classes become one dataset, which learners see as they see the work of others."""

import os
from pathlib import Path

import numpy as np
import pytest

from core import limits, people, roster
from core.cli import images
from core.data import class_photos, datasets, relabelling
from core.data import dataset as stored
from core.errors import AccessError, DatasetError
from core.progress import Progress

SPLITS = ("train", "train", "train", "val", "test")


@pytest.fixture(autouse=True)
def a_class(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ada and Ben have joined a class, and nobody acts yet."""
    monkeypatch.setenv("BACKBONE_LAB_MODE", "class")
    for name in ("Ada", "Ben"):
        roster.join(roster.read().code, name)


def taken(person: str, class_names: tuple[str, ...], *, size: int = 32, first: int = 0) -> str:
    """The name of a person's dataset of five photos a class; the larger `first`, the brighter and newer."""
    photos = [
        (np.full((size, size, 3), first + len(SPLITS) * label + number, np.uint8), label, split, f"{number}.jpg")
        for label in range(len(class_names))
        for number, split in enumerate(SPLITS)
    ]
    about = {"class_names": class_names, "source": class_photos.SOURCE, "licence": "", "skipped": ()}
    with people.acting_as(person):
        name = stored.write([(person.casefold(), person)], photos, metadata=about).name
    os.utime(stored.root() / name / "images.raw", (first, first))
    return name


def gathered() -> datasets.Dataset:
    with people.acting_as(people.LECTURER):
        return class_photos.gather()


def test_classes_of_one_name_are_one_and_each_photo_is_its_persons():
    taken("Ada", ("cup", "Pen"))
    taken("Ben", ("mug", "pen", "tin"), size=64, first=100)
    dataset = gathered()
    assert dataset.class_names == ("cup", "mug", "Pen", "tin") and dataset.images.shape == (25, 64, 64, 3)
    assert np.bincount(dataset.labels).tolist() == [5, 5, 10, 5]
    names = list(dataset.people)
    of_pens = [names[owner] for owner in dataset.owners()[dataset.labels == 2]]
    assert sorted(of_pens) == ["Ada"] * 5 + ["Ben"] * 5
    assert dataset.official.tolist() == list(SPLITS) * 5
    assert dataset.images[dataset.owners() == names.index("Ben")].min() == 100


@pytest.mark.parametrize("corrector", ["Ada", people.LECTURER])
def test_a_photo_counts_once_and_as_its_person_or_the_lecturer_corrected_it(corrector: str):
    ada = taken("Ada", ("cup", "pen"))
    with people.acting_as(corrector):
        relabelling.relabel(ada, {0: 1, 1: relabelling.LEFT_OUT, 5: 0})
    with people.acting_as("Ben"):
        relabelling.relabel(ada, {6: 0})
    dataset = gathered()
    assert list(dataset.people) == ["Ada"]
    assert dataset.images[:, 0, 0, 0].tolist() == [0, 2, 3, 4, 5, 6, 7, 8, 9]
    assert dataset.labels.tolist() == [1, 0, 0, 0, 0, 1, 1, 1, 1]


def test_it_cannot_be_copied():
    taken("Ada", ("cup", "pen"))
    with people.acting_as("Ben"), pytest.raises(DatasetError, match="a copy would keep those that are deleted"):
        relabelling.relabel(gathered().name, {0: 1})


def test_photos_that_are_deleted_meanwhile_are_not_kept():
    ada = taken("Ada", ("cup", "pen"))

    def delete(progress: Progress) -> None:
        if progress.stage == "import" and ada in stored.names():
            with people.acting_as("Ada"):
                datasets.delete(ada)

    with people.acting_as(people.LECTURER), pytest.raises(DatasetError, match="deleted while they were gathered"):
        class_photos.gather(delete)
    assert not stored.names()


def test_datasets_of_a_learner_who_was_named_everyone_before_are_theirs():
    old = taken(people.EVERYONE, ("cup", "pen"), first=100)
    ada = taken("Ada", ("cup", "pen"))
    assert set(gathered().people) == {people.EVERYONE, "Ada"}
    with people.acting_as("Ada"):
        datasets.delete(ada)
    assert stored.names() == [old]


def test_it_takes_no_room_of_learners(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(limits, "check", lambda name, value, *_: counted.__setitem__(name, value))
    counted: dict[str, float] = {}
    taken("Ada", ("cup", "pen"))
    gathered()
    with people.acting_as("Ben"):
        stored.check_share(1, 32)
    assert counted["class_gigabytes"] == pytest.approx(11 * 32 * 32 * 3 / 1e9)


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
    assert [each["images"] for each in listed if each["name"] == "photos-of-the-class"] == [10]
