"""Classes made on the spot become a zip that imports like any other, or one sentence says why not."""

from pathlib import Path

import numpy as np
import pytest

from core.data import class_photos, datasets, images, near_duplicates, photos
from core.data.photos import PhotoClass
from core.errors import DatasetError, Stopped
from core.progress import Progress
from tests.pictures import COLOURS, photo


def made(name: str, count: int = 4, colour: str = "cats") -> PhotoClass:
    return PhotoClass(name, [photos.small(photo(tuple(part + n for part in COLOURS[colour]))) for n in range(count)])


@pytest.mark.slow
def test_a_photo_becomes_a_small_square_and_what_is_no_image_is_refused():
    small = images.decode(photos.small(photo(size=(4000, 3000), kind="PNG")))
    assert small.shape == (photos.SIDE, photos.SIDE, 3)
    assert images.decode(photos.small(photo(size=(48, 40)))).shape == (40, 40, 3)
    with pytest.raises(DatasetError, match=r"notes\.txt"):
        photos.small(b"text", "notes.txt")


def test_packed_classes_are_imported_with_their_last_photos_for_testing_whatever_their_names(tmp_path: Path):
    stream, name = photos.pack([made("test", 10), PhotoClass(), made("a/b: Müll", colour="dogs")])
    (tmp_path / name).write_bytes(stream.getvalue())
    dataset = datasets.load(photos.perform(str(tmp_path / name)).name)
    assert near_duplicates.find(dataset) and dataset.source == class_photos.SOURCE
    assert dataset.title == "test, a_b_ Müll" and dataset.class_names == ("a_b_ Müll", "test")
    assert np.bincount(dataset.labels).tolist() == [4, 10] and not dataset.skipped
    splits = datasets.splits(dataset, seed=0)
    last = {part: [Path(file).parts[-2:] for file in dataset.files[splits[part]]] for part in ("val", "test")}
    assert last["test"] == [("a_b_ Müll", "003.jpg"), ("test", "008.jpg"), ("test", "009.jpg")]
    assert last["val"] == [("a_b_ Müll", "002.jpg"), ("test", "007.jpg")] and len(splits["train"]) == 9


def test_photos_are_kept_when_looking_for_near_duplicates_is_cancelled(tmp_path: Path):
    def stop(progress: Progress) -> None:
        if progress.stage == "duplicates":
            raise Stopped

    stream, name = photos.pack([made("cup", 10), made("pen", 10)])
    (tmp_path / name).write_bytes(stream.getvalue())
    dataset = datasets.load(photos.perform(str(tmp_path / name), stop).name)
    assert len(dataset.labels) == 20 and near_duplicates.find(dataset) is None


@pytest.mark.parametrize(
    ("classes", "message"),
    [
        ([made("cup"), PhotoClass()], "only the class 'cup'.*two classes"),
        ([PhotoClass(), PhotoClass()], "no class.*two classes"),
        ([made("cup"), made("")], "class with 4 photos has no name"),
        ([made("cup"), made("!?", 1)], "class with 1 photo has no name"),
        ([made("cup"), made("Cup")], "Two classes have the name 'cup'"),
        ([made("cup"), made("pen", 3)], "'pen' has 3 images.*at least 4"),
        ([made("cup"), made("pen", 0)], "'pen' has 0 images.*at least 4"),
    ],
)
def test_what_cannot_be_trained_is_said_in_one_sentence(classes: list[PhotoClass], message: str):
    with pytest.raises(DatasetError, match=message):
        photos.pack(classes)
