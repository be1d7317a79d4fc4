"""Which class and split a layout of folders means, and which layouts are refused."""

from pathlib import PurePosixPath

import pytest

from core.data import layout
from core.data.folders import Tree
from core.errors import DatasetError


def arranged(*files: str) -> layout.Layout:
    """The layout of files by these paths; one that ends with / is an empty folder."""
    folders = {str(parent) for file in files for parent in PurePosixPath(file + "x").parents if parent.name}
    held = tuple(file for file in files if not file.endswith("/"))
    return layout.arrange(Tree("pets", held, frozenset(folders), (), lambda name: b""))


def read(*files: str) -> dict[str, tuple[str, str]]:
    """Class and official split of each file."""
    found = arranged(*files)
    return {picture.path: (found.class_names[picture.label], picture.official) for picture in found.pictures}


def below(*folders: str, classes: tuple[str, ...] = ("cats", "dogs")) -> list[str]:
    return [f"{folder}/{name}/1.jpg".lstrip("/") for folder in folders for name in classes]


SPLITS = [
    ("train", "val", "test"),
    ("Training", "validation", "testing"),
    ("training_set", "validation_set", "test_set"),
    ("train2017", "val2017", "test2017"),
    ("TrainImages", "valid images", "test-images"),
    ("training", "dev", "evaluation"),
    ("seg_train", "seg_val", "seg_test"),
    ("flowers-train-224", "flowers-val-224", "flowers-test-224"),
]


@pytest.mark.parametrize("splits", SPLITS, ids=lambda splits: splits[0])
@pytest.mark.parametrize("nested", [False, True], ids=["", "inside one of the same name"])
@pytest.mark.parametrize("above", ["", "archive/", "a/b/"])
def test_folders_above_the_classes_are_the_sources_own_splits(splits, nested, above):
    tops = [f"{above}{split}/{split}" if nested else f"{above}{split}" for split in splits]
    files = below(*tops)
    assert arranged(*files).class_names == ("cats", "dogs")
    officials = ("train", "train", "val", "val", "test", "test")
    assert read(*files) == {
        file: (file.split("/")[-2], official) for file, official in zip(files, officials, strict=True)
    }


@pytest.mark.parametrize("above", ["pets/", "a/b/c/"])
@pytest.mark.parametrize("split", ["", "train/"])
def test_folders_that_wrap_everything_do_not_count(above, split):
    files = below(f"{above}{split}".rstrip("/"))
    assert list(read(*files).values()) == [("cats", split.strip("/")), ("dogs", split.strip("/"))]


@pytest.mark.parametrize("cover", ["cover.png", "pets/cover.png"])
def test_an_image_beside_the_folders_of_the_others_is_skipped_by_name(cover):
    found = arranged(cover, *below("pets"))
    assert (found.class_names, found.skipped) == (("cats", "dogs"), (f"{cover}: not in a class folder",))
    found = arranged(cover, *below("pets/train", "pets/test"))
    assert (found.class_names, found.skipped) == (("cats", "dogs"), (f"{cover}: not in a class folder",))
    assert [picture.official for picture in found.pictures] == ["test", "test", "train", "train"]


def test_a_split_with_a_single_class_keeps_it():
    assert read("train/cats/1.jpg", "train/dogs/1.jpg", "test/cats/1.jpg")["test/cats/1.jpg"] == ("cats", "test")


def test_splits_below_each_class_are_the_sources_own_splits():
    files = ["cats/train/1.jpg", "cats/test/1.jpg", "dogs/train/1.jpg", "dogs/test/1.jpg"]
    assert list(read(*files).values()) == [("cats", "test"), ("cats", "train"), ("dogs", "test"), ("dogs", "train")]


@pytest.mark.parametrize("fold", ["fold{}", "Fold_{}", "fold {}", "split-{}"])
def test_the_last_fold_is_for_testing_and_a_note_says_so(fold):
    tops = [fold.format(number) for number in (0, 1, 2, 10)]
    found = arranged(*below(*tops))
    assert found.class_names == ("cats", "dogs")
    by_top = {picture.path.split("/")[0]: picture.official for picture in found.pictures}
    assert by_top == dict(zip(tops, ["train", "train", "train", "test"], strict=True))
    (note,) = found.notes
    assert tops[-1] in note


def test_folds_of_the_training_images_are_joined():
    files = [*below("train/fold0", "train/fold1"), *below("test")]
    assert arranged(*files).class_names == ("cats", "dogs")
    assert sorted(official for _, official in read(*files).values()) == ["test"] * 2 + ["train"] * 4


def test_folds_that_each_have_splits_are_refused():
    with pytest.raises(DatasetError, match=r"fold0/ and fold1/ hold splits of their own.* such as fold0/"):
        arranged(*below("fold0/train", "fold0/test", "fold1/train", "fold1/test"))


@pytest.mark.parametrize("tops", [("site_a", "site_b"), ("2019", "2020", "2021"), ("phase1", "phase2")])
def test_the_same_folders_below_every_class_are_refused(tops):
    with pytest.raises(DatasetError, match=r"Below every class folder, .*the same folders, cats/, dogs/"):
        arranged(*below(*tops))
    with pytest.raises(DatasetError, match=r"Below every class folder"):
        arranged(*below(*(f"train/{top}" for top in tops), *(f"test/{top}" for top in tops)))


def test_folders_below_a_class_belong_to_it():
    assert read("cats/old/1.jpg", "cats/2.jpg", "dogs/1.jpg")["cats/old/1.jpg"] == ("cats", "")
    assert arranged("cats/images/1.jpg", "dogs/images/1.jpg").class_names == ("cats", "dogs")
    assert arranged("cats/tabby/1.jpg", "cats/siam/1.jpg", "dogs/pug/1.jpg").class_names == ("cats", "dogs")


@pytest.mark.parametrize("names", [("bus", "train"), ("airport", "train_station"), ("beaker", "test_tube")])
def test_a_class_may_be_named_like_a_split(names):
    assert arranged(*(f"{name}/1.jpg" for name in names)).class_names == names


def test_a_split_beside_a_class_is_ambiguous():
    with pytest.raises(DatasetError, match=r"cats/ lies beside train/"):
        arranged("train/cats/1.jpg", "cats/1.jpg")


@pytest.mark.parametrize("unlabelled", ["test/7.jpg", "test/test/7.jpg", "pred/7.jpg", "pred/pred/7.jpg"])
def test_unlabelled_images_beside_splits_are_skipped_by_name(unlabelled):
    found = arranged(*below("train", "val", classes=("a", "b")), unlabelled)
    assert (len(found.pictures), found.class_names) == (4, ("a", "b"))
    assert found.skipped == (f"{unlabelled}: not in a class folder",)


@pytest.mark.parametrize(
    "files",
    [
        ["train/1.jpg", "test/1.jpg"],
        ["train/cat.1.jpg", "test1/1.jpg"],
        ["train2017/1.jpg", "val2017/1.jpg", "annotations/instances.json"],
        ["images/train/1.jpg", "images/val/1.jpg", "labels/train/1.txt"],
    ],
    ids=["plain", "Dogs vs. Cats", "COCO", "YOLO"],
)
def test_splits_without_class_folders_are_no_classes(files):
    with pytest.raises(DatasetError, match="There are no class folders inside"):
        arranged(*files)


@pytest.mark.parametrize("nested", ["flowers", "cats_and_dogs"])
def test_a_copy_of_all_classes_beside_them_is_no_class(nested):
    with pytest.raises(DatasetError, match=f"Inside {nested}/ lie folders named like the other classes, cats/, dogs/"):
        arranged(*below("", nested))


@pytest.mark.parametrize(
    ("files", "classes"),
    [
        (["CUB/images/001.Auk/1.jpg", "CUB/images/002.Owl/1.jpg", "CUB/attributes/a.txt"], ("001.Auk", "002.Owl")),
        (["101_ObjectCategories/ant/1.jpg", "101_ObjectCategories/bee/1.jpg", "Annotations/a.mat"], ("ant", "bee")),
    ],
    ids=["CUB", "Caltech 101"],
)
def test_folders_without_images_beside_those_of_all_images_are_no_classes(files, classes):
    assert arranged(*files).class_names == classes


def test_a_note_names_the_folders_without_images_that_are_left_out():
    found = arranged("pets/cats/a/1.jpg", "pets/cats/b/1.jpg", "pets/dogs/1.tiff", "pets/dogs/old/1.tiff", "masks/")
    assert found.class_names == ("a", "b")
    assert found.notes == ("Folders without images are left out: masks/, pets/dogs/.",)


def test_splits_of_one_name_are_splits_even_if_one_has_no_classes():
    found = arranged(*below("asl_train/asl_train"), "asl_test/asl_test/1.jpg")
    assert found.class_names == ("cats", "dogs")
    assert {picture.official for picture in found.pictures} == {"train"}
    assert found.skipped == ("asl_test/asl_test/1.jpg: not in a class folder",)


def test_a_note_names_folders_inside_class_folders():
    (note,) = arranged("cats/tabby/1.jpg", "cats/siam/1.jpg", "dogs/pug/1.jpg").notes
    assert "3 folders inside class folders, such as cats/siam/: they are read as images of cats" in note
    assert arranged("cats/train/1.jpg", "dogs/train/1.jpg").notes == arranged("cats/1.jpg", "dogs/1.jpg").notes == ()
