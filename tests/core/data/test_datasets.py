"""Datasets keep their contract whatever they came from, and bad input is told in a sentence and leaves nothing."""

import errno
import hashlib
import io
import json
import math
import os
import shutil
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.cli import doctor, images
from core.data import dataset as stored
from core.data import datasets, importing
from core.errors import DatasetError, Stopped
from core.progress import Progress
from tests import modes
from tests.pictures import COLOURS, photo, pictures, write_folder, write_zip


@pytest.fixture
def pets(tmp_path: Path) -> Path:
    return write_folder(tmp_path / "pets", pictures())


def left(home: Path) -> list[str]:
    """What is in the datasets' folder, hidden or not."""
    folder = home / "datasets"
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


# The contract of every dataset


def imported(root: Path) -> datasets.Dataset:
    return datasets.import_images(write_folder(root / "pets", pictures(6, classes=("cats", "dogs", "fish"))))


def imported_with_splits(root: Path) -> datasets.Dataset:
    parts = [pictures(count, above=f"{split}/") for split, count in {"train": 5, "val": 2, "test": 3}.items()]
    return datasets.import_images(write_zip(root / "Split pets.zip", {**parts[0], **parts[1], **parts[2]}))


SOURCES = {
    "sample": lambda root: datasets.load("cifar10-sample"),
    "folder": imported,
    "zip with splits": imported_with_splits,
}


@pytest.fixture(params=SOURCES.values(), ids=SOURCES.keys())
def dataset(request: pytest.FixtureRequest, tmp_path: Path) -> datasets.Dataset:
    return request.param(tmp_path)


def test_all_arrays_are_as_long_as_the_images(dataset):
    n, height, width, channels = dataset.images.shape
    assert height == width and channels == 3 and dataset.images.dtype == np.uint8
    assert dataset.labels.shape == dataset.official.shape == dataset.files.shape == (n,)
    assert dataset.labels.dtype == np.int64
    assert len(set(dataset.files)) == n


def test_labels_point_into_the_class_names(dataset):
    assert set(dataset.labels) == set(range(len(dataset.class_names)))
    assert isinstance(dataset.class_names, tuple) and isinstance(dataset.skipped, tuple)
    assert set(dataset.official) <= {"train", "val", "test", ""}


def test_it_says_where_it_comes_from(dataset):
    assert dataset.title and dataset.source and dataset.licence
    assert len(dataset.fingerprint) == 16 and int(dataset.fingerprint, 16) >= 0


def test_it_loads_again_just_the_same_by_name(dataset):
    again = datasets.load(dataset.name)
    assert again.fingerprint == dataset.fingerprint
    assert all(np.array_equal(getattr(again, name), getattr(dataset, name)) for name in ("images", "labels", "files"))
    assert datasets.fetch(dataset.name).fingerprint == dataset.fingerprint


def test_it_is_listed_with_its_counts(dataset):
    (summary,) = (summary for summary in datasets.available() if summary.name == dataset.name)
    expected = datasets.Summary(dataset.name, dataset.title, "ready", len(dataset.images), len(dataset.class_names))
    assert summary == expected


def test_its_splits_cover_every_row_once(dataset):
    cut = datasets.splits(dataset, seed=4)
    assert sorted(np.concatenate([cut["train"], cut["val"], cut["test"]])) == list(range(len(dataset.labels)))
    own_test = np.flatnonzero(dataset.official == "test")
    assert not len(own_test) or np.array_equal(cut["test"], own_test)


# The shipped sample


def test_the_sample_is_the_promised_one():
    sample = datasets.load("cifar10-sample")
    counts = {split: np.bincount(sample.labels[sample.official == split]).tolist() for split in ("train", "test")}
    assert counts == {"train": [200] * 10, "test": [50] * 10}
    assert "Krizhevsky" in sample.source and "80 Million Tiny Images" in sample.source


def test_an_unknown_name_suggests_close_ones():
    with pytest.raises(DatasetError, match=r"'cifar-10'. Expected one of cifar10"):
        datasets.load("cifar-10")


@pytest.mark.parametrize("name", ["../datasets", "..", "", ".", "/etc"])
def test_a_name_is_not_a_path(name, pets):
    datasets.import_images(pets)
    for verb in (datasets.load, datasets.delete):
        with pytest.raises(DatasetError, match=r"no dataset"):
            verb(name)


# Importing


def test_an_imported_image_has_its_pixels_label_and_file(pets):
    dataset = datasets.import_images(pets)
    assert dataset.name == dataset.title == "pets"
    assert dataset.class_names == ("cats", "dogs")
    assert dataset.images.shape == (10, 40, 40, 3)  # the shorter side of 48 x 40
    row = dataset.files.tolist().index("dogs/3.jpg")
    assert dataset.labels[row] == 1
    assert np.all(np.abs(dataset.images[row].astype(int) - np.add(COLOURS["dogs"], 3)) <= 4)


def test_a_folder_that_was_stored_before_there_were_notes_still_opens(pets):
    dataset = datasets.import_images(pets)
    path = Path(os.environ["BACKBONE_LAB_HOME"], "datasets", "pets", "dataset.json")
    path.write_text(json.dumps({key: value for key, value in json.loads(path.read_text()).items() if key != "notes"}))
    assert datasets.load("pets").notes == dataset.notes == ()


def test_images_of_an_import_stay_on_disk(pets):
    images = datasets.import_images(pets).images
    while isinstance(images.base, np.ndarray):
        images = images.base
    assert isinstance(images, np.memmap)


def test_a_folder_and_a_zip_of_it_are_the_same_dataset(pets, tmp_path):
    packed = write_zip(tmp_path / "packed.zip", pictures(above="pets/"))
    assert datasets.import_images(pets).fingerprint == datasets.import_images(packed).fingerprint


@pytest.mark.parametrize(
    "change",
    [
        {"cats/0.jpg": photo((1, 2, 3))},
        {"cats/new.jpg": photo()},
        {"cats/0.jpg": pictures()["dogs/0.jpg"], "dogs/0.jpg": pictures()["cats/0.jpg"]},
    ],
    ids=["a changed image", "one more image", "two exchanged images"],
)
def test_the_fingerprint_follows_the_images(pets, tmp_path, change):
    other = write_folder(tmp_path / "other", {**pictures(), **change})
    assert datasets.import_images(pets).fingerprint != datasets.import_images(other).fingerprint


def test_the_fingerprint_follows_class_names_and_official_splits(pets, tmp_path):
    renamed = {name.replace("cats", "apes"): data for name, data in pictures().items()}
    below_train = {f"train/{name}": data for name, data in pictures().items()}
    marks = {datasets.import_images(pets).fingerprint}
    for name, files in {"renamed": renamed, "split": below_train}.items():
        marks.add(datasets.import_images(write_folder(tmp_path / name, files)).fingerprint)
    assert len(marks) == 3


@pytest.mark.parametrize(("sides", "size"), [((20, 20), 32), ((100, 90), 90), ((600, 500), 256)])
def test_the_size_is_the_median_shorter_side_between_32_and_256(tmp_path, sides, size):
    files = {f"{name}/{number}.png": photo(size=sides, kind="PNG") for name in "ab" for number in range(5)}
    files["a/odd.png"] = photo(size=(1200, 1000), kind="PNG")
    assert datasets.import_images(write_folder(tmp_path / "sizes", files)).images.shape[1:] == (size, size, 3)


def grey16(value: int) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(np.full((40, 40), value, np.uint16)).save(stream, "PNG")
    return stream.getvalue()


def test_twelve_bits_in_16_are_stretched_alike_in_all_images_and_a_note_says_so(tmp_path):
    files = {f"{name}/{value}.png": grey16(value) for name in "ab" for value in (0, 500, 1000, 2000, 4095)}
    dataset = datasets.import_images(write_folder(tmp_path / "xray", files))
    found = {
        file.split("/")[1]: int(image[20, 20, 0]) for file, image in zip(dataset.files, dataset.images, strict=True)
    }
    assert found == {"0.png": 0, "500.png": 31, "1000.png": 62, "2000.png": 124, "4095.png": 255}
    (note,) = datasets.load("xray").notes
    assert "4,095 of 65,535" in note and "12 bits" in note


def test_images_that_use_all_16_bits_need_no_note(tmp_path):
    files = {f"{name}/{value}.png": grey16(value) for name in "ab" for value in (0, 1000, 2000, 4095, 65535)}
    dataset = datasets.import_images(write_folder(tmp_path / "xray", files))
    assert dataset.notes == ()
    assert sorted(np.unique(dataset.images)) == [0, 3, 7, 15, 255]


def test_more_images_than_one_batch_keep_their_order(tmp_path, monkeypatch):
    monkeypatch.setattr(importing, "BATCH", 3)
    dataset = datasets.import_images(write_folder(tmp_path / "pets", pictures(20)))
    for row, file in enumerate(dataset.files):
        name, number = file.removesuffix(".jpg").split("/")
        assert abs(int(dataset.images[row, 20, 20].max()) - (max(COLOURS[name]) + int(number))) <= 4


def test_unreadable_files_are_skipped_and_listed_by_name(tmp_path):
    bad = {
        "cats/empty.jpg": b"",
        "cats/text.jpg": b"only named as a photograph",
        "dogs/short.jpg": photo(size=(400, 300))[:900],
        "dogs/notes.txt": b"good dogs",
        "stray.png": photo(kind="PNG"),
    }
    for path in (
        write_folder(tmp_path / "pets", {**pictures(), **bad}),
        write_zip(tmp_path / "z.zip", {**pictures(), **bad}),
    ):
        dataset = datasets.import_images(path)
        assert len(dataset.images) == 10
        reasons = dict(entry.split(": ", 1) for entry in dataset.skipped)
        assert reasons.keys() == bad.keys()
        assert "not a JPEG, PNG" in reasons["cats/text.jpg"]
        assert "damaged" in reasons["dogs/short.jpg"]
        assert datasets.load(dataset.name).skipped == dataset.skipped


def test_importing_the_same_again_changes_nothing(pets, home):
    first = datasets.import_images(pets)
    before = (home / "datasets" / "pets" / "images.raw").stat().st_mtime_ns
    assert datasets.import_images(pets).fingerprint == first.fingerprint
    assert (home / "datasets" / "pets" / "images.raw").stat().st_mtime_ns == before
    assert left(home) == ["pets"]


def test_another_content_gets_a_number_and_the_same_content_keeps_its_own(pets, tmp_path, home):
    others = [write_folder(tmp_path / str(count) / "pets", pictures(count)) for count in (7, 8)]
    for path, name, title, count in ((others[0], "pets-2", "pets 2", 14), (others[1], "pets-3", "pets 3", 16)) * 2:
        assert datasets.import_images(pets).name == "pets"
        dataset = datasets.import_images(path)
        assert (dataset.name, dataset.title, len(dataset.labels)) == (name, title, count)
    assert left(home) == ["pets", "pets-2", "pets-3"]


def test_a_number_makes_no_name_too_long(tmp_path):
    for folder, count in (("first", 5), ("second", 6)):
        dataset = datasets.import_images(write_folder(tmp_path / folder / ("a" * 80), pictures(count)))
        assert len(dataset.name) == importing.LONGEST
    assert dataset.name.endswith("a-2")


def test_an_import_tells_whether_it_was_here_already(pets, tmp_path):
    first = importing.perform(str(pets))
    assert first == importing.Imported("pets", "pets", images=10, skipped=0, known=False)
    assert importing.perform(str(pets)) == replace(first, known=True)


def test_another_content_does_not_take_a_name_that_was_asked_for(pets, tmp_path, home):
    first = datasets.import_images(pets)
    other = write_folder(tmp_path / "other", pictures(7))
    with pytest.raises(DatasetError, match=r"'pets'.*another name"):
        datasets.import_images(other, name="Pets")
    assert datasets.load("pets").fingerprint == first.fingerprint
    assert left(home) == ["pets"]


@pytest.mark.parametrize(("title", "name"), [("My Pets (2024)", "my-pets-2024"), ("Vögel", "vögel"), ("../x/y", "x-y")])
def test_a_name_is_made_fit_for_a_folder(pets, title, name):
    dataset = datasets.import_images(pets, name=title)
    assert (dataset.name, dataset.title) == (name, title)


@pytest.mark.parametrize("name", ["cifar10", "CIFAR100", "cifar10 sample", "...", " "])
def test_a_name_that_is_built_in_or_empty_is_refused(pets, home, name):
    with pytest.raises(DatasetError, match=r"name"):
        datasets.import_images(pets, name=name)
    assert left(home) == []


def refusals() -> dict[str, tuple[dict[str, bytes], str]]:
    text = b"not a photograph"
    return {
        "nothing at all": ({"readme.txt": text}, r"no class"),
        "images without class folders": ({"1.jpg": photo(), "2.jpg": photo()}, r"no class.*1.jpg: "),
        "one class": (pictures(classes=("cats",)), r"only the class 'cats'.*two classes"),
        "an empty class": ({**pictures(), "fish/": b""}, r"class 'fish' has 0 images"),
        "a class of text files": ({**pictures(), "fish/1.jpg": text}, r"'fish' has 0 images.*fish/1.jpg: "),
        "three images in a class": (
            {**pictures(), "cats/4.jpg": text, "cats/3.jpg": text},
            r"'cats' has 3 .*at least 4",
        ),
        "a class only cut short": (
            {**pictures(), **{f"fish/{i}.jpg": photo(size=(400, 300))[:900] for i in range(5)}},
            r"'fish' has 0 images.*damaged",
        ),
        "a test without one class": (
            {**pictures(above="train/"), "test/cats/1.jpg": photo()},
            r"'dogs' has 0 images for test",
        ),
    }


@pytest.mark.parametrize("case", refusals().keys())
@pytest.mark.parametrize("packed", [False, True], ids=["folder", "zip"])
def test_what_cannot_be_learned_from_is_refused_and_leaves_nothing(tmp_path, home, case, packed):
    files, message = refusals()[case]
    path = write_zip(tmp_path / "bad.zip", files) if packed else write_folder(tmp_path / "bad", files)
    with pytest.raises(DatasetError, match=message):
        datasets.import_images(path)
    assert left(home) == []


def test_an_unsafe_zip_leaves_nothing_anywhere(tmp_path, home):
    path = write_zip(tmp_path / "evil.zip", {**pictures(), "../outside.jpg": photo()})
    with pytest.raises(DatasetError, match=r"outside"):
        datasets.import_images(path)
    assert left(home) == [] and not list(tmp_path.rglob("outside.jpg"))


def test_a_bomb_of_pixels_is_skipped_by_name(tmp_path):
    from tests.core.data.test_images import bomb

    dataset = datasets.import_images(write_zip(tmp_path / "pets.zip", {**pictures(), "cats/bomb.png": bomb(30_000)}))
    assert len(dataset.images) == 10
    assert dataset.skipped[0].startswith("cats/bomb.png: too many pixels")


# Progress, stopping, deleting, damage


def test_an_import_reports_until_all_are_done(pets):
    seen: list[Progress] = []
    datasets.import_images(pets, report=seen.append)
    assert {(each.stage, each.total) for each in seen} == {("measure", 10), ("import", 10)}
    assert (seen[-1].stage, seen[-1].done, seen[-1].total, seen[-1].unit) == ("import", 10, 10, "images")
    assert seen[-1].rate > 0 and seen[-1].seconds_left == 0


def test_a_stopped_import_leaves_nothing(pets, home):
    def stop(progress: Progress) -> None:
        if progress.done == 10:
            raise Stopped

    with pytest.raises(Stopped):
        datasets.import_images(pets, report=stop)
    assert left(home) == []


def test_a_full_disk_is_told_in_a_sentence(pets, home, monkeypatch):
    def full(*_args, **_options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez_compressed", full)
    with pytest.raises(DatasetError, match=r"No space left on device"):
        datasets.import_images(pets)
    assert left(home) == []


def left_free(monkeypatch: pytest.MonkeyPatch, free: float) -> None:
    """Say that so many bytes are free on any disk."""
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(10**12, 10**12 - free, free))


@pytest.mark.parametrize(("reserve", "free"), [("1", 1e9 + 10 * 40 * 40 * 3), ("0.5", 5e8 + 10 * 40 * 40 * 3)])
def test_an_import_leaves_a_reserve_free_on_the_disk(pets, home, monkeypatch, reserve, free):
    monkeypatch.setenv("BACKBONE_LAB_RESERVE_GB", reserve)
    left_free(monkeypatch, free - 1)
    monkeypatch.setattr(importing.images, "decode_square", lambda *args, **options: pytest.fail("it has begun"))
    with pytest.raises(DatasetError, match=rf"The dataset of pets takes 0.00 GB.*{float(reserve):.2f} GB left free"):
        datasets.import_images(pets)
    assert left(home) == []
    monkeypatch.undo()
    monkeypatch.setenv("BACKBONE_LAB_HOME", str(home))
    monkeypatch.setenv("BACKBONE_LAB_RESERVE_GB", reserve)
    left_free(monkeypatch, free)
    assert datasets.import_images(pets).name == "pets"


def test_a_disk_that_fills_in_the_middle_keeps_nothing(tmp_path, home):
    """No file may grow above 1 MB in the process that imports, which fails as a full disk does."""
    folder = write_folder(
        tmp_path / "pets", {f"{name}/{n}.png": photo((n, 9, 9), size=(256, 256)) for name in "ab" for n in range(6)}
    )
    program = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (10**6, 10**6));"
        "from core.data import datasets; datasets.import_images(sys.argv[1])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, folder], cwd=Path(__file__).parents[3], capture_output=True, text=True
    )
    assert "DatasetError" in done.stderr and "cannot be written (File too large)" in done.stderr
    assert left(home) == []


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
@pytest.mark.parametrize("part", ["", "dataset.json", "rows.npz", "images.raw"])
def test_a_dataset_of_another_user_is_not_called_damaged(pets, home, part):
    first = datasets.import_images(pets).fingerprint
    with modes.denied(home / "datasets" / "pets" / part):
        with pytest.raises(DatasetError, match=r"'pets' in .* is not readable by this user\. Give this user") as raised:
            datasets.load("pets")
        assert "elete" not in str(raised.value)  # there is nothing wrong with it
        assert "pets" in {summary.name for summary in datasets.available()}
    assert datasets.load("pets").fingerprint == first


@pytest.mark.parametrize("code", [errno.ENOTCONN, errno.ESTALE, errno.EIO])
def test_a_dataset_on_a_share_that_went_away_is_not_called_damaged(pets, monkeypatch, code):
    def away(*_, **__):
        raise OSError(code, os.strerror(code))

    datasets.import_images(pets)
    monkeypatch.setattr(np, "load", away)
    with pytest.raises(DatasetError, match=rf"cannot be read \({os.strerror(code)}\)\. Try again") as raised:
        datasets.load("pets")
    assert "elete" not in str(raised.value)


@pytest.mark.parametrize("byte", range(40, 400, 24))
def test_a_byte_that_is_lost_in_the_labels_is_said(pets, home, byte):
    before = datasets.import_images(pets)
    path = home / "datasets" / "pets" / "rows.npz"
    content = bytearray(path.read_bytes())
    content[byte] ^= 0xFF
    path.write_bytes(content)
    with suppress(DatasetError):  # some bytes mean nothing
        after = datasets.load("pets")
        assert [*after.labels] == [*before.labels] and [*after.official] == [*before.official]


def test_a_deleted_dataset_is_gone_and_its_source_stays(pets, home):
    datasets.import_images(pets)
    datasets.delete("pets")
    assert left(home) == [] and len(list(pets.rglob("*.jpg"))) == 10
    with pytest.raises(DatasetError, match=r"no dataset 'pets'"):
        datasets.load("pets")


def test_the_shipped_sample_cannot_be_deleted():
    with pytest.raises(DatasetError, match=r"no dataset 'cifar10-sample' to delete"):
        datasets.delete("cifar10-sample")
    assert datasets.load("cifar10-sample").name == "cifar10-sample"


@pytest.mark.parametrize("file", ["dataset.json", "rows.npz", "images.raw"])
@pytest.mark.parametrize("damage", ["missing", "cut", "empty"])
def test_a_damaged_dataset_asks_to_be_deleted_and_imported_again(pets, home, file, damage):
    first = datasets.import_images(pets).fingerprint
    path = home / "datasets" / "pets" / file
    if damage == "missing":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:100] if damage == "cut" else b"")
    with pytest.raises(DatasetError, match=r"'pets' is damaged.*[Dd]elete"):
        datasets.load("pets")
    assert "pets" in {summary.name for summary in datasets.available()}
    datasets.delete("pets")
    assert datasets.import_images(pets).fingerprint == first


@pytest.mark.parametrize("field", ["title", "class_names", "shape", "skipped", "source", "person", "odd", "people"])
def test_a_dataset_whose_description_is_wrong_anywhere_hides_no_other(pets, home, field):
    datasets.import_images(pets)
    path = home / "datasets" / "pets" / "dataset.json"
    about = json.loads(path.read_text())
    for odd in (None, 5, math.inf, True, [], {}, "", [None], {"a": 1}, [[1]], "absent"):
        changed = about | {field: odd}
        if odd == "absent":
            del changed[field]
        path.write_text(json.dumps(changed))
        listed = [summary for summary in datasets.available() if summary.name == "pets"]
        faults = datasets.faults()
        assert len(listed) == 1 and (listed[0].state == "ready" or "pets" in faults)
        if "pets" not in faults:
            datasets.load("pets")


@pytest.mark.slow
def test_a_dataset_that_cannot_be_opened_is_listed_as_broken_with_the_reason(pets, home, capsys):
    datasets.import_images(pets)
    assert datasets.faults() == {}
    flipped(home / "datasets" / "pets" / "images.raw", at=1000)
    (home / "datasets" / "cifar10.npz").write_bytes(b"not a zip")
    listed, text = images.perform("list", [])
    states = {each["name"]: each["state"] for each in listed}
    assert (states["pets"], states["cifar10"], states["cifar10-sample"]) == ("broken", "broken", "ready")
    assert "have been changed" in text and "cifar10.npz cannot be read" in text
    found = doctor.examine()
    assert found["datasets"] == states and len(found["datasets_damaged"]) == 2
    assert not (home / "datasets" / "cifar10").exists(), "to look is not to import"


def flipped(path: Path, at: int) -> None:
    """Change one bit of a file."""
    with path.open("r+b") as file:
        file.seek(at)
        byte = file.read(1)[0]
        file.seek(at)
        file.write(bytes([byte ^ 1]))


def test_pixels_or_labels_that_changed_on_the_disk_are_found_when_a_dataset_is_opened(pets, home):
    first = datasets.import_images(pets)
    folder = home / "datasets" / "pets"
    flipped(folder / "images.raw", 1000)
    with pytest.raises(DatasetError, match=r"'pets' have been changed.*import it again"):
        datasets.load("pets")
    flipped(folder / "images.raw", 1000)
    assert datasets.load("pets").fingerprint == first.fingerprint  # they are the same again
    np.savez(folder / "rows.npz", labels=1 - first.labels, official=first.official, files=first.files)
    with pytest.raises(DatasetError, match=r"'pets' have been changed"):
        datasets.load("pets")
    datasets.delete("pets")
    assert datasets.import_images(pets).fingerprint == first.fingerprint


def test_images_are_read_to_compare_them_only_when_somebody_touched_them(pets, home, monkeypatch):
    digests = []
    digest = hashlib.file_digest
    monkeypatch.setattr(hashlib, "file_digest", lambda *args: digests.append(1) or digest(*args))
    datasets.import_images(pets)
    datasets.load("pets")
    assert len(digests) == 0  # taken as it was written
    shutil.copytree(home / "datasets", home / "copied")
    shutil.rmtree(home / "datasets")
    (home / "copied").rename(home / "datasets")
    datasets.load("pets")
    datasets.load("pets")
    assert len(digests) == 1
    (home / "datasets" / "pets" / "checked.json").write_text("damaged")
    datasets.load("pets")
    assert len(digests) == 1  # this process remembers it
    datasets.rename("pets", "Cats and dogs")
    datasets.load("cats-and-dogs")
    assert len(digests) <= 2


def test_a_dataset_of_another_version_is_not_misread(pets, home):
    datasets.import_images(pets)
    path = home / "datasets" / "pets" / "dataset.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"version": 99}))
    with pytest.raises(DatasetError, match=r"damaged"):
        datasets.load("pets")
    assert next(s for s in datasets.available() if s.name == "pets").state == "broken"


@pytest.mark.skipif(sys.platform != "linux", reason="other systems take no such name")
def test_a_folder_whose_name_is_no_text_is_not_a_dataset(home):
    (home / "datasets" / os.fsdecode(b"\xff")).mkdir(parents=True)
    assert stored.names() == []


def test_what_a_killed_import_left_is_not_a_dataset(pets, home):
    datasets.import_images(pets)
    shutil.copytree(home / "datasets" / "pets", home / "datasets" / ".new-killed" / "half")
    assert [s.name for s in datasets.available()] == [
        "cifar10-sample",
        "cifar10-flawed",
        "cifar10-shortcut",
        "cifar10",
        "cifar100",
        "pets",
    ]


def test_what_a_killed_import_left_goes_with_a_later_import_and_a_living_one_stays(pets, home):
    for name, age in ((".new-killed", 100_000), (".new-living", 10)):
        write_folder(home / "datasets" / name, {"half/images.raw": b"..."})
        os.utime(home / "datasets" / name, (time.time() - age,) * 2)
    datasets.import_images(pets)
    assert left(home) == [".new-living", "pets"]
