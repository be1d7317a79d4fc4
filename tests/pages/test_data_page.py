"""Data shows the dataset that is chosen, brings new ones in, and says plainly when it cannot."""

import io
import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from core.data import datasets, layout
from core.data.folders import Tree
from dashboard.data import label_errors, near_duplicates, new_classes, odd_images
from tests.pages.conftest import ROOT, said, wait
from tests.pictures import photo, pictures, write_folder, write_zip


def metrics(page: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in page.metric}


def press(page: AppTest, label: str) -> AppTest:
    return next(button for button in page.button if button.label == label).click().run()


def test_the_shipped_sample_is_shown_with_its_classes_splits_and_origin(visit):
    page = visit("data")
    assert metrics(page) == {"Images": "2,500", "Classes": "10", "Size": "32 px"}
    assert len(page.get("image")) == 10
    assert any("Every class has 250 images." in text.value for text in page.markdown)
    assert "2 points would take about 1,960" in said(page)
    before = page.get("image")[0].proto.imgs[0].url
    press(page, "Show others")
    assert page.get("image")[0].proto.imgs[0].url != before
    splits = visit("data", view="Classes and splits").dataframe[0].value.set_index("Split")["Images"]
    assert splits["test"] == 500
    assert splits["train"] + splits["val"] == 2_000
    assert splits["probe20"] + splits["finetune80"] == splits["train"]
    origin = visit("data", view="Origin")
    assert any("Krizhevsky" in str(value) for value in origin.table[0].value.to_numpy().ravel())
    assert "Delete permanently" not in [button.label for button in origin.main.button]


def imported(page: AppTest, name: str) -> AppTest:
    """Wait until an import has ended and its dataset is in use."""
    return wait(page, lambda: page.query_params.get("dataset") == name)


def import_path(page: AppTest, path: Path) -> AppTest:
    page.text_input[0].set_value(str(path))
    return press(page, "Import the path")


def test_a_folder_on_the_server_becomes_the_dataset_in_use(visit, tmp_path: Path):
    write_folder(tmp_path / "pets", pictures(per_class=10) | {"cats/notes.jpg": b"not an image"})
    page = imported(import_path(visit("data", view="Origin"), tmp_path / "pets"), "pets")
    assert metrics(page) == {"Images": "20", "Classes": "2", "Size": "40 px", "Skipped files": "1"}
    assert "notes.jpg" in page.dataframe[0].value["File and reason"].iloc[0]
    assert page.toast[0].value == "20 images of pets imported, 1 file skipped."
    assert "importing" not in page.query_params


def test_an_uploaded_zip_is_named_after_its_file_and_does_not_stay(visit, tmp_path: Path, home: Path):
    packed = write_zip(tmp_path / "pets.zip", pictures(per_class=10))
    page = visit("data")
    page.file_uploader[0].upload("My pets.zip", packed.read_bytes()).run()
    imported(page, "my-pets")
    assert metrics(page)["Images"] == "20"
    wait(page, lambda: not list((home / "uploads").iterdir()))


def test_the_same_upload_is_the_same_dataset_and_another_of_its_name_is_not(visit, tmp_path: Path):
    page = visit("data")
    uploads = ((10, "pets", "20 images of"), (10, "pets", "were imported before"), (11, "pets-2", "22 images of"))
    for per_class, name, outcome in uploads:
        packed = write_zip(tmp_path / "pets.zip", pictures(per_class=per_class))
        page.file_uploader[0].upload("pets.zip", packed.read_bytes()).run()
        wait(page, lambda: "importing" not in page.query_params)
        assert page.query_params["dataset"] == name
        assert outcome in page.toast[0].value


def test_an_import_goes_on_elsewhere_and_is_found_again_after_a_reload(visit, tmp_path: Path, monkeypatch):
    held = hold_imports(monkeypatch)
    page = import_path(visit("data"), write_folder(tmp_path / "pets", pictures(per_class=10)))
    assert "Cancel" in [button.label for button in page.main.button]
    name = page.query_params["importing"]
    page.switch_page(str(ROOT / "pages" / "train.py")).run()
    assert "Importing pets" in [link.proto.label for link in page.sidebar.get("page_link")]
    again, another = visit("data", importing=name), visit("data")
    assert all("Cancel" in [button.label for button in each.main.button] for each in (again, another))
    held.set()
    imported(again, "pets")
    imported(page, "pets")
    another.run()
    assert "dataset" not in another.query_params and not another.toast


def test_a_visitor_from_elsewhere_cannot_name_a_path_and_is_told_why(visit, monkeypatch):
    page = visit("data")
    monkeypatch.setenv("BACKBONE_LAB_SERVER_PATHS", "nobody")
    page.run()
    assert not page.text_input and len(page.file_uploader) == 1
    assert any("BACKBONE_LAB_SERVER_PATHS" in caption.value for caption in page.caption)


def test_a_cancelled_import_leaves_nothing_and_the_dataset_in_use_stays(visit, tmp_path: Path, home: Path, monkeypatch):
    held = hold_imports(monkeypatch)
    page = import_path(visit("data"), write_folder(tmp_path / "pets", pictures(per_class=10)))
    press(page, "Cancel")
    held.set()
    wait(page, lambda: "importing" not in page.query_params)
    assert "nothing is kept" in page.toast[0].value
    assert metrics(page)["Images"] == "2,500" and not (home / "datasets" / "pets").exists()


def test_what_cannot_be_imported_is_said_and_the_dataset_in_use_stays(visit, tmp_path: Path):
    page = visit("data")
    assert "first" in press(page, "Import the path").warning[0].value
    for path in (tmp_path / "nowhere", write_folder(tmp_path / "lonely", pictures(classes=("cats",)))):
        wait(import_path(page, path), lambda: bool(page.error))
        assert len(page.error) == 1
        assert metrics(page)["Images"] == "2,500"
    page.switch_page(str(ROOT / "pages" / "train.py")).run()
    assert "lonely was not imported" in [link.proto.label for link in page.sidebar.get("page_link")]
    page.switch_page(str(ROOT / "pages" / "data.py")).run()
    press(page, "Close")
    assert not page.error and "importing" not in page.query_params


def test_the_import_of_a_server_that_has_been_restarted_is_said_to_be_gone(visit):
    page = visit("home", importing="import-0123456789abcdef")
    assert "restarted" in page.warning[0].value
    assert "importing" not in page.query_params


def hold_imports(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Imports list their files and then wait, until the event is set."""
    held, arrange = threading.Event(), layout.arrange

    def wait_and_arrange(tree: Tree) -> layout.Layout:
        held.wait()
        return arrange(tree)

    monkeypatch.setattr(layout, "arrange", wait_and_arrange)
    return held


def test_an_imported_dataset_tells_how_uneven_it_is_and_can_be_deleted(visit, tmp_path: Path):
    files = pictures(per_class=30, classes=("cats",)) | pictures(per_class=10, classes=("dogs",))
    datasets.import_images(write_folder(tmp_path / "pets", files))
    page = visit("data", dataset="pets", view="Origin")
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


def test_a_dataset_whose_pixels_changed_on_the_disk_says_so_and_can_be_deleted(visit, tmp_path: Path, home: Path):
    datasets.import_images(write_folder(tmp_path / "pets", pictures(per_class=10)))
    with (home / "datasets" / "pets" / "images.raw").open("r+b") as file:
        file.write(b"other pixels")
    page = visit("data", dataset="pets")
    assert "have been changed" in page.error[0].proto.title
    assert page.metric == []
    press(page, "Delete permanently")
    assert "pets" not in {summary.name for summary in datasets.available()}
    assert metrics(page)["Images"] == "2,500"


def test_near_duplicates_are_looked_for_judged_and_left_out_in_a_copy(visit, tmp_path: Path):
    training = {f"train/{name}": content for name, content in photos(24).items()}
    test = {f"test/{name}": content for name, content in photos(12, seed=1).items()}
    mirrored = Image.open(io.BytesIO(training["train/cats/3.png"])).transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    stream = io.BytesIO()
    mirrored.save(stream, "PNG")
    datasets.import_images(write_folder(tmp_path / "pets", training | test | {"test/dogs/0.png": stream.getvalue()}))
    page = press(visit("data", dataset="pets", view=near_duplicates.TAB), "Look for near-duplicates")
    wait(page, lambda: "1 of the 12 test images is nearly a training image (8.3 %)." in said(page))
    assert any("mirrored" in image.proto.imgs[0].caption for image in page.get("image"))
    press(page.segmented_control(key="pairs").set_value("features").run(), "Search by features")
    wait(page, lambda: "almost the same as a training image to EfficientNetLite0" in said(page))
    page.segmented_control(key="pairs").set_value("leaks").run()
    press(page, "Make a copy without 1 test image")
    wait(page, lambda: any(button.label == "Use the copy" for button in page.main.button))
    press(page, "Use the copy")
    assert page.query_params["dataset"] == "pets-clean"
    assert metrics(page)["Images"] == "35"


def test_wrong_labels_are_looked_for_judged_and_changed_in_a_copy(visit, shared_results):
    page = press(visit("data", view=label_errors.TAB), "Look for wrong labels")
    wait(page, lambda: "labels of 2,500 are suspect" in said(page))
    box = next(box for box in page.selectbox if box.label == "Label")
    before = box.value
    box.set_value(-1).run()
    assert any(button.label == "Make a copy with 1 image left out" for button in page.main.button)
    next(box for box in page.selectbox if box.label == "Label").set_value(before).run()
    assert not any(button.label.startswith("Make a copy with") for button in page.main.button)
    press(page, "Accept all suggestions on this page")
    assert "test labels that follow a model's advice favour that model" in said(page)
    press(page, "Make a copy with 12 labels changed")
    wait(page, lambda: any(button.label == "Use the copy" for button in page.main.button))
    press(page, "Use the copy")
    assert page.query_params["dataset"] == "cifar-10-sample-relabelled"
    assert "A copy of CIFAR-10 sample: 12 labels changed." in " ".join(warning.value for warning in page.warning)


def in_all(page: AppTest) -> str:
    """How many photos the form says that it has."""
    return page.markdown[-1].value.removeprefix(":gray[").removesuffix("]")


def test_new_classes_are_trained_and_predict_opens_with_their_run(visit, monkeypatch):
    monkeypatch.setattr(new_classes, "BACKBONE", "Tiny")
    page = press(visit("data"), "Take photos")
    press(page, "Train")
    assert page.error[0].proto.title == "There is no class"
    for number, name in enumerate(("cats", "dogs")):
        page.text_input[number].set_value(name).run()
        files = [(path, data, "image/jpeg") for path, data in pictures(6, classes=(name,)).items()]
        page.file_uploader[number].set_value(files).run()
    assert page.session_state["new-classes"][1].name == "dogs"
    page.button(key="camera-0").click().run()
    assert page.button(key="camera-0").label == "Close"
    assert in_all(page) == "12 photos in all"
    press(page, "Train")
    wait(page, lambda: page.query_params.get("live") in ("true", ["true"]))
    assert page.title[0].value == "Predict" and page.query_params["dataset"] == "cats-dogs"
    assert page.multiselect[0].value == page.query_params["models"].split("+")
    monkeypatch.setattr("dashboard.state.address.LAG", 0)  # "Take photos" was not pressed a moment ago
    page.switch_page(str(ROOT / "pages" / "data.py")).run()
    wait(page, lambda: any(button.label == "Take photos" for button in page.button))
    press(page, "Take photos")
    assert page.button(key="camera-0").label == "Camera"


def test_photos_stay_when_they_cannot_be_trained_or_one_cannot_be_read(visit, monkeypatch):
    page = press(visit("data"), "Take photos")
    page.text_input[0].set_value("cats").run()
    other = page.file_uploader[1].key
    page.file_uploader[0].upload("notes.jpg", b"text").run()
    assert "notes.jpg" in page.toast[0].value
    assert page.file_uploader[1].key == other  # which may be receiving files
    page.file_uploader[0].upload("1.jpg", photo()).run()
    press(page, "Train")
    assert "only the class" in page.error[0].proto.title
    press(page, "Another class")
    assert len(page.text_input) == 3 and in_all(page) == "1 photo in all"
    monkeypatch.setattr("core.data.photos.MOST", 3)
    page.file_uploader[1].set_value([(f"{n}.jpg", photo(), "image/jpeg") for n in range(4)]).run()
    assert in_all(page) == "3 photos in all" and "2 were left out" in page.toast[0].value
    press(page, "Clear")
    assert in_all(page) == "2 photos in all"


def test_odd_images_are_looked_for_and_shown_by_kind(visit, tmp_path: Path):
    files = photos(20)
    stream = io.BytesIO()
    Image.new("RGB", (32, 32), (90, 90, 90)).save(stream, "PNG")
    files["cats/3.png"] = stream.getvalue()
    datasets.import_images(write_folder(tmp_path / "pets", files))
    page = press(visit("data", dataset="pets", view=odd_images.TAB), "Look for odd images")
    wait(page, lambda: "**1 of 20 images** is dark, bright, plain, blurred, tiny or cropped." in said(page))
    assert any(text.value.startswith("**Plain**: 1") for text in page.markdown)
    press(page, "Look for outliers")
    wait(page, lambda: "**Least like the rest of their class to EfficientNetLite0**" in said(page))


def photos(count: int, *, seed: int = 0) -> dict[str, bytes]:
    """Images of noise, which differ in their details, half of them cats and half dogs."""
    pixels = np.random.default_rng(seed).integers(0, 256, (count, 32, 32, 3), np.uint8)
    files = {}
    for number, image in enumerate(pixels):
        stream = io.BytesIO()
        Image.fromarray(image).save(stream, "PNG")
        files[f"{('cats', 'dogs')[number % 2]}/{number // 2}.png"] = stream.getvalue()
    return files
