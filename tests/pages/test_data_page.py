"""Data shows the dataset that is chosen, brings new ones in, and says plainly when it cannot."""

from pathlib import Path

from streamlit.testing.v1 import AppTest

from core.data import datasets
from tests.pictures import pictures, write_folder, write_zip

IMPORT = {"zip": "Import the zip", "path": "Import the path"}


def metrics(page: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in page.metric}


def press(page: AppTest, label: str) -> AppTest:
    return next(button for button in page.main.button if button.label == label).click().run()


def test_the_shipped_sample_is_shown_with_its_classes_splits_and_origin(visit):
    page = visit("data")
    assert metrics(page) == {"Images": "2,500", "Classes": "10", "Size": "32 px"}
    assert len(page.get("image")) == 10
    splits = page.dataframe[0].value.set_index("Split")["Images"]
    assert splits["test"] == 500
    assert splits["train"] + splits["val"] == 2_000
    assert splits["probe20"] + splits["finetune80"] == splits["train"]
    assert any("Every class has 250 images." in text.value for text in page.markdown)
    assert "Delete permanently" not in [button.label for button in page.main.button]
    assert any("Krizhevsky" in str(value) for value in page.table[0].value.to_numpy().ravel())
    before = page.get("image")[0].proto.imgs[0].url
    press(page, "Show others")
    assert page.get("image")[0].proto.imgs[0].url != before


def test_a_folder_on_the_server_becomes_the_dataset_in_use(visit, tmp_path: Path):
    write_folder(tmp_path / "pets", pictures(per_class=10) | {"cats/notes.jpg": b"not an image"})
    page = visit("data")
    page.text_input[0].set_value(str(tmp_path / "pets"))
    press(page, IMPORT["path"])
    assert not page.exception
    assert page.query_params["dataset"] == "pets"
    assert metrics(page) == {"Images": "20", "Classes": "2", "Size": "40 px", "Skipped files": "1"}
    assert "notes.jpg" in page.dataframe[1].value["File and reason"].iloc[0]


def test_an_uploaded_zip_is_named_after_its_file(visit, tmp_path: Path):
    packed = write_zip(tmp_path / "pets.zip", pictures(per_class=10))
    page = visit("data")
    assert next(button for button in page.main.button if button.label == IMPORT["zip"]).disabled
    page.file_uploader[0].upload("My pets.zip", packed.read_bytes()).run()
    press(page, IMPORT["zip"])
    assert page.query_params["dataset"] == "my-pets"
    assert metrics(page)["Images"] == "20"


def test_what_cannot_be_imported_is_said_and_the_dataset_in_use_stays(visit, tmp_path: Path):
    page = visit("data")
    assert "first" in press(page, IMPORT["path"]).warning[0].value
    for path in (tmp_path / "nowhere", write_folder(tmp_path / "lonely", pictures(classes=("cats",)))):
        page.text_input[0].set_value(str(path))
        press(page, IMPORT["path"])
        assert not page.exception
        assert len(page.error) == 1
        assert metrics(page)["Images"] == "2,500"


def test_an_imported_dataset_tells_how_uneven_it_is_and_can_be_deleted(visit, tmp_path: Path):
    files = pictures(per_class=30, classes=("cats",)) | pictures(per_class=10, classes=("dogs",))
    datasets.import_images(write_folder(tmp_path / "pets", files))
    page = visit("data", dataset="pets")
    assert any("3.0 times the images of the smallest: 30 to 10" in text.value for text in page.markdown)
    press(page, "Delete permanently")
    assert not page.exception
    assert metrics(page)["Images"] == "2,500"
    assert "pets" not in [summary.name for summary in datasets.available()]


def test_a_dataset_that_is_not_here_offers_its_download(visit):
    page = visit("data", dataset="cifar10")
    assert [button.label for button in page.main.button if button.label == "Download"]
    assert any("not on this machine yet" in text.value for text in page.markdown)
    assert not page.metric


def test_an_unknown_dataset_in_the_address_is_said(visit):
    page = visit("data")
    page.query_params["dataset"] = "cifar11"
    page.run()
    assert not page.exception
    assert "cifar11" in page.warning[0].value
