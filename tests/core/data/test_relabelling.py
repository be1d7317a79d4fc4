"""Labels are changed in a copy, by hand or from a CSV; what does not fit is said and nothing is written."""

from pathlib import Path

import pytest

from core import execute, runs, spreadsheets
from core.cli import images
from core.config import RunConfig
from core.data import datasets, relabelling
from core.data.datasets import Dataset
from core.data.relabelling import LEFT_OUT
from core.errors import ConfigError, DatasetError, LabError, Stopped
from core.progress import silent
from tests.pictures import pictures, write_folder


@pytest.fixture
def pets(tmp_path: Path) -> Dataset:
    return datasets.import_images(write_folder(tmp_path / "pets", pictures(per_class=10)))


def test_a_copy_has_the_new_labels_and_the_same_splits(pets: Dataset):
    before = datasets.splits(pets)
    out, changed = before["train"][:2].tolist()
    other = 1 - int(pets.labels[changed])
    copy = relabelling.relabel(
        "pets", {changed: other, out: LEFT_OUT, int(before["val"][0]): pets.labels[before["val"][0]]}
    )
    assert (copy.name, len(copy.labels)) == ("pets-relabelled", 19)
    assert copy.notes[-1] == "A copy of pets: 1 label changed, 1 image left out."
    assert copy.labels[copy.files == pets.files[changed]] == other
    assert pets.files[out] not in copy.files
    after = datasets.splits(copy)
    for split in ("train", "val", "test"):
        kept = [file for file in pets.files[before[split]] if file != pets.files[out]]
        assert copy.files[after[split]].tolist() == kept
    assert datasets.load("pets").fingerprint == pets.fingerprint != copy.fingerprint


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "No label changes"),
        ({99: 0}, "Image 99 cannot become class 0"),
        ({0: 7}, "Image 0 cannot become class 7"),
    ],
)
def test_changes_that_are_none_or_impossible_are_said(pets: Dataset, changes, expected):
    with pytest.raises(DatasetError, match=expected):
        relabelling.relabel("pets", changes)


def test_a_class_that_would_lose_its_images_is_said_and_nothing_is_written(pets: Dataset):
    rows = [int(row) for row in datasets.splits(pets)["test"] if pets.labels[row] == 0]
    with pytest.raises(DatasetError, match="has 0 images for test"):
        relabelling.relabel("pets", dict.fromkeys(rows, LEFT_OUT))

    def stop(progress):
        raise Stopped

    with pytest.raises(Stopped):
        relabelling.relabel("pets", {0: 1}, stop)
    assert {summary.name for summary in datasets.available()}.isdisjoint({"pets-relabelled"})


def test_a_csv_is_read(pets: Dataset, tmp_path: Path):
    files, names = pets.files.tolist(), pets.class_names
    path = tmp_path / "labels.csv"
    other = names[1 - pets.labels[1]]
    path.write_text(f"label,file\n{names[pets.labels[0]]},{files[0]}\n{other},'{files[1]}\n,{files[2]}\n")
    assert relabelling.read(path, pets) == {1: 1 - pets.labels[1], 2: LEFT_OUT}
    images.perform("relabel", ["pets", str(path)])
    assert len(datasets.load("pets-relabelled").labels) == 19


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("separator", [",", ";", "\t"], ids=["comma", "semicolon", "tab"])
def test_a_csv_is_read_as_a_spreadsheet_wrote_it(pets: Dataset, tmp_path: Path, encoding, separator):
    path = tmp_path / "labels.csv"
    lines = (("file", "label", "was"), (pets.files[0], pets.class_names[1], ""), (pets.files[-1], "", "x"))
    path.write_text("\r\n".join(separator.join(f'"{text}"' for text in line) for line in lines), encoding)
    assert relabelling.read(path, pets) == {0: 1, len(pets.labels) - 1: LEFT_OUT}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("file;label\n{first};dogs\n{first};\n", "Line 3 of .*: '{first}' has another label in an earlier line"),
        ("file\na.png\n", "has no column 'label'"),
        ("file,label\nlost.png,cats\n", "Line 2 of .*: pets has no file 'lost.png'"),
        ("file,label\n{first},lions\n", "Line 2 of .*: there is no class 'lions'"),
        ("file,label\n{first}\n", ""),
    ],
)
def test_a_csv_that_does_not_fit_is_said(pets: Dataset, tmp_path: Path, text, expected):
    path = tmp_path / "labels.csv"
    path.write_text(text.format(first=pets.files[0]))
    if expected:
        with pytest.raises(LabError, match=expected.format(first=pets.files[0])):
            relabelling.read(path, pets)
    else:  # a short line has an empty label
        assert relabelling.read(path, pets) == {0: LEFT_OUT}
    with pytest.raises(ConfigError, match="cannot be read"):
        relabelling.read(tmp_path / "none.csv", pets)
    with path.open("wb") as stream:
        stream.truncate(spreadsheets.MOST_BYTES + 1)  # a hole, as endless as /dev/zero
    with pytest.raises(ConfigError, match="more than 200 MB"):
        relabelling.read(path, pets)


@pytest.mark.slow
def test_the_suspects_in_a_csv_change_nothing_until_it_is_edited(tmp_path: Path):
    files, path = pictures(per_class=10), tmp_path / "labels.csv"
    files["dogs/cat.jpg"] = files.pop("cats/4.jpg")
    pets = datasets.import_images(write_folder(tmp_path / "pets", files))
    found, text = images.check_labels("pets", path, silent)
    (row,) = (suspect["row"] for suspect in found["suspects"])
    assert pets.files[row] == "dogs/cat.jpg"
    assert "1 of 20 labels are suspect to a head on EfficientNetLite0" in text
    assert relabelling.read(path, pets) == {}
    path.write_text(path.read_text().replace("label,suggested", "was,label"))
    assert relabelling.read(path, pets) == {row: pets.class_names.index("cats")}


@pytest.mark.slow
def test_a_run_that_waits_keeps_its_labels_and_ends_in_a_sentence_where_its_images_are_gone(pets: Dataset, store: Path):
    waiting, orphaned = (runs.create(RunConfig(dataset="pets", backbone="Tiny", method="knn")) for _ in range(2))
    row = int(datasets.splits(pets)["test"][0])
    relabelling.relabel("pets", {row: 1 - int(pets.labels[row])})
    assert execute.perform(waiting) == "finished"
    tested = runs.predictions(waiting)
    assert tested["label"].tolist() == pets.labels[tested["row"]].tolist()
    datasets.delete("pets")
    assert execute.perform(orphaned) == "failed"
    assert "'pets'" in str(runs.get(orphaned).error)
    assert runs.predictions(waiting)["label"].tolist() == tested["label"].tolist()
