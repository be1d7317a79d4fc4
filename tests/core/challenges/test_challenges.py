"""Challenges: what is hidden until the lecturer closes one, what may be entered, and how it is ranked."""

import csv
import errno
import io
import shutil
import zipfile
from contextlib import nullcontext
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from math import nan
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core import challenges, metrics, people, roster, runs, storage
from core.challenges import Challenge, Cut, Entry, Rules
from core.challenges.entries import parse, template
from core.cli.challenges import perform as command
from core.config import RunConfig
from core.data import dataset as stored
from core.data import datasets
from core.errors import AccessError, ConfigError, DatasetError, LabError, RunError
from core.evaluation import new_images
from core.execute import perform
from core.metrics import wilson
from tests.run_rows import row

CLASSES = ("cat", "dog")
RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 255, (80, 32, 32, 3), np.uint8)


@pytest.fixture(autouse=True)
def a_class(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ada and Ben have joined a class, and nobody acts yet."""
    monkeypatch.setenv("BACKBONE_LAB_MODE", "class")
    for name in ("Ada", "Ben"):
        roster.join(roster.read().code, name)


@pytest.fixture
def pets() -> str:
    """The name of 80 images of the lecturer, of which 40 are for testing."""
    return images_of(people.LECTURER, "pets")


def images_of(person: str, name: str, *, class_names: tuple[str, str] = CLASSES, first: int = 0) -> str:
    """Have somebody import the images from this row on; returns the name of the dataset."""
    rows = [(image, row % 2, "test" if row < 40 else "train", f"{row}.png") for row, image in enumerate(IMAGES)]
    about = {"class_names": class_names, "source": "here", "licence": "none", "skipped": ()}
    with people.acting_as(person):
        return stored.write([(name, name.title())], rows[first:], metadata=about).name


def delete(name: str, person: str = people.LECTURER) -> None:
    with people.acting_as(person):
        datasets.delete(name)


def opened(source: str, rules: Rules | None = None) -> Challenge:
    with people.acting_as(people.LECTURER):
        return challenges.create("Friday", source, rules)


def closed(challenge: Challenge) -> Challenge:
    with people.acting_as(people.LECTURER):
        return challenges.close(challenge.name)


def answers(challenge: Challenge, right: int) -> bytes:
    """A file that is right for this many of the public images and as many of the hidden ones."""
    cut = challenges.cut(challenge)
    predicted = 1 - cut.labels
    for part in (cut.public, ~cut.public):
        rows = np.flatnonzero(part)[:right]
        predicted[rows] = cut.labels[rows]
    lines = [f"{number},{CLASSES[label]}" for number, label in enumerate(predicted, start=1)]
    return "\n".join(["id,class", *lines]).encode()


def entered(person: str, challenge: Challenge, right: int) -> Entry:
    with people.acting_as(person):
        return challenges.enter_file(challenge.name, "mine.csv", answers(challenge, right))


def test_the_class_works_on_a_copy_without_the_hidden_images(pets):
    challenge = opened(pets)
    copy, source, cut = datasets.load(challenge.name), datasets.load(pets), challenges.cut(challenge)
    test = datasets.splits(copy)["test"]
    assert (len(copy.labels), len(test), len(cut.rows), cut.public.sum()) == (60, 20, 40, 20)
    assert sorted(copy.files[test]) == sorted(source.files[cut.rows[cut.public]])
    assert not set(copy.files) & set(source.files[cut.rows[~cut.public]])
    assert np.bincount(cut.labels[cut.public]).tolist() == [10, 10]
    assert not np.array_equal(np.sort(cut.rows), cut.rows), "an id tells nothing of an image"


@pytest.mark.slow
def test_an_imported_dataset_is_the_lecturers_alone_until_the_challenge_is_closed(pets, store):
    challenge = opened(pets)
    with people.acting_as("Ada"), pytest.raises(AccessError, match="Only the lecturer can see this"):
        runs.create(RunConfig(backbone="Tiny", dataset=pets))
    with people.acting_as("Ada"):
        assert runs.create(RunConfig(backbone="Tiny", dataset=challenge.name))
    closed(challenge)
    assert datasets.load(pets).person == people.LECTURER
    with people.acting_as("Ada"):
        assert runs.create(RunConfig(backbone="Tiny", dataset=pets))


def test_the_dataset_of_an_open_challenge_is_neither_deleted_nor_renamed(pets):
    challenge = opened(pets)
    with people.acting_as(people.LECTURER):
        for name in (pets, challenge.name):
            for change in (datasets.delete, lambda name: datasets.rename(name, "Others")):
                with pytest.raises(DatasetError, match="Close the challenge first"):
                    change(name)
        challenges.close(challenge.name)
        for name in (pets, challenge.name):
            datasets.delete(name)
    assert stored.names() == []


def test_a_challenge_whose_copy_was_deleted_is_not_overwritten(pets):
    first = closed(opened(pets))
    delete(first.name)
    second = opened(pets)
    assert (second.name, second.title) == ("friday-2", "Friday 2")
    assert challenges.read(first.name) == first


@pytest.mark.parametrize("content", ["", "null", "[]", '{"rules": {"backbones": ["NoNet"], "methods": []}}'])
def test_a_damaged_challenge_hides_no_other(pets, home, content):
    challenge = opened(pets)
    (home / "challenges" / "broken").mkdir()
    (home / "challenges" / "broken" / "challenge.json").write_text(content)
    assert challenges.names() == [challenge.name]
    assert challenges.of_dataset(challenge.name) == challenge
    assert challenges.of_dataset("broken") is None


def test_images_that_learners_see_elsewhere_cannot_be_hidden(pets):
    siblings = {images_of(people.LECTURER, "birds", first=1): people.LECTURER, images_of("Ada", "adas", first=2): "Ada"}
    with pytest.raises(ConfigError, match="with their labels, in adas, birds"):
        opened(pets)
    assert datasets.load(pets).person == people.LECTURER and challenges.names() == []
    for name, person in siblings.items():
        delete(name, person)
    challenge = closed(opened(pets))
    with pytest.raises(ConfigError, match="with their labels, in friday"):
        opened(pets)
    assert challenges.names() == [challenge.name]


def test_images_that_another_challenge_holds_back_are_not_opened_in_a_dataset_imported_apart(pets):
    challenge = opened(pets)
    cut = challenges.cut(challenge)
    hidden = cut.rows[~cut.public]
    parts = ["train", "train", "train", "test", "test"] * 4
    rows = [(IMAGES[row], row % 2, part, f"{row}.png") for row, part in zip(np.sort(hidden), parts, strict=True)]
    about = {"class_names": CLASSES, "source": "here", "licence": "none", "skipped": ()}
    with people.acting_as(people.LECTURER):
        again = stored.write([("again", "Again")], rows, metadata=about).name
    with pytest.raises(ConfigError, match="holds images of 'Again' back, in pets"):
        opened(again)
    assert challenges.names() == [challenge.name]


def test_near_duplicates_of_hidden_images_that_learners_see_are_told_the_lecturer(pets):
    rows = [(image[:, ::-1], row % 2, "", f"{row}.png") for row, image in enumerate(IMAGES)]
    about = {"class_names": CLASSES, "source": "here", "licence": "none", "skipped": ()}
    with people.acting_as("Ada"):
        stored.write([("mirrored", "Mirrored")], rows, metadata=about)
    with people.acting_as(people.LECTURER):
        listed, text = command("open", [pets, "Friday"])
    assert listed[0]["warning"] in text and "with their labels: 20 in Mirrored." in listed[0]["warning"]


def test_a_copy_of_what_is_held_back_is_held_back_as_long(pets):
    challenge = opened(pets)
    with people.acting_as(people.LECTURER):
        copy = datasets.copy(datasets.load(pets), "Pets clean", kept=np.arange(2, 80), note="Without two.")
    assert stored.person(copy.name) == stored.person(pets) == people.HELD_BACK != stored.person(challenge.name)
    closed(challenge)
    assert stored.person(copy.name) == stored.person(pets) == people.LECTURER


def test_a_copy_that_is_being_made_while_the_challenge_closes_is_seen_too(pets):
    challenge = opened(pets)

    def close(_progress) -> None:
        if challenges.read(challenge.name).is_open:
            closed(challenge)

    with people.acting_as(people.LECTURER):
        copy = datasets.copy(datasets.load(pets), "Pets clean", kept=np.arange(2, 80), note="", report=close)
    assert copy.person == stored.person(copy.name) == stored.person(pets) == people.LECTURER


def test_images_are_held_back_only_once_the_challenge_is_kept(pets, home):
    (home / "challenges").write_text("no folder")
    with pytest.raises(OSError):
        opened(pets)
    assert stored.person(pets) == people.LECTURER


@pytest.mark.parametrize("step", ["need", "hold_back"])
def test_a_challenge_that_cannot_hold_its_images_back_is_not_opened(pets, monkeypatch, step):
    def full(name: str, challenge: str) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(stored, step, full)
        with pytest.raises(OSError, match="No space left"):
            opened(pets)
    assert challenges.names() == [] and stored.names() == [pets]
    assert stored.person(pets) == people.LECTURER
    assert opened(pets).name == "friday"


def test_the_copy_of_an_open_challenge_is_not_cut_once_more(pets):
    challenge = opened(pets)
    with pytest.raises(ConfigError, match="Another open challenge needs the dataset 'Friday'"):
        opened(challenge.name)
    assert challenges.names() == [challenge.name]


def test_closing_one_challenge_reveals_nothing_of_another():
    with people.acting_as(people.LECTURER):
        name = images_of(people.LECTURER, "pets")
        stored.need(name, "first")
        stored.hold_back(name, "second")
        stored.release("first")
        assert stored.person(name) == people.HELD_BACK
        stored.need(name, "first")
        stored.release("second")
        assert stored.person(name) == people.LECTURER and stored.needed(name)
        stored.release("first")
        assert not stored.needed(name)


def test_a_ranking_outlives_its_images(pets, home, caplog):
    challenge = opened(pets)
    entered("Ada", challenge, 12)
    for name in (pets, challenge.name):
        shutil.rmtree(home / "datasets" / name)
    closed(challenge)
    assert "'pets' of the challenge friday is gone" in caplog.text
    (place,) = challenges.ranked(challenges.read("friday"), challenges.of("friday"), challenges.cut(challenge))
    assert place.hidden == wilson(12, 20)


def test_a_damaged_challenge_is_a_line_in_the_terminal(pets, home):
    broken = closed(opened(pets))
    delete(broken.name)
    (home / "challenges" / broken.name / "cut.json").write_text("null")
    with people.acting_as(people.LECTURER):
        listed, text = command("open", [pets, "Monday"])
    assert [each["name"] for each in listed] == ["monday", broken.name] and "ranking" in listed[0]
    assert "cut.json is gone or damaged" in listed[1]["error"] and len(text.splitlines()) == 2


def test_labels_that_are_public_anyway_are_not_held_back():
    challenge = opened(datasets.SAMPLE)
    assert datasets.load(datasets.SAMPLE).person == people.LECTURER
    assert len(challenges.cut(challenge).rows) == 500


def test_a_challenge_is_the_lecturers_to_open_and_to_close(pets):
    for intruder in (people.acting_as("Ada"), nullcontext()):
        with intruder, pytest.raises(AccessError):
            challenges.create("Mine", pets)
    challenge = opened(pets)
    for intruder in (people.acting_as("Ada"), nullcontext()):
        with intruder, pytest.raises(AccessError):
            challenges.close(challenge.name)
    assert challenges.read(challenge.name).is_open
    assert closed(challenge).closed == challenges.read(challenge.name).closed != ""


def test_a_dataset_of_a_learner_or_of_another_challenge_is_refused(pets):
    opened(pets)
    with pytest.raises(ConfigError, match="Another open challenge needs the dataset 'Pets'"):
        opened(pets)
    adas = images_of("Ada", "adas")
    with pytest.raises(ConfigError, match="belongs to Ada"):
        opened(adas)


@pytest.mark.parametrize("name", ["", "../x", "nothing", "entries"])
def test_there_is_no_challenge_of_another_name(pets, name):
    opened(pets)
    with pytest.raises(ConfigError, match="There is no challenge"):
        challenges.read(name)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (lambda lines: lines[:-2], "2 of 40 images are missing, the first is 39"),
        (lambda lines: [*lines, lines[5]], "Line 42 of the file: the image 5 appears twice"),
        (lambda lines: [*lines[:3], "777,cat", *lines[4:]], "Line 4 of the file: there is no image '777'"),
        (lambda lines: [*lines[:3], "x,cat", *lines[4:]], "there is no image 'x'"),
        (lambda lines: [*lines[:3], "3,dgo", *lines[4:]], "there is no class 'dgo'.*closest is 'dog'"),
        (lambda lines: [*lines[:3], "3,", *lines[4:]], "there is no class ''"),
        (lambda lines: ["image,class", *lines[1:]], "The file has no column 'id'"),
        (lambda lines: [], "The file has no column 'id'"),
        (lambda lines: ["id,class", "\xff\xfe"], "cannot be read|there is no image"),
    ],
)
def test_a_file_answers_for_each_image_once_by_a_known_class(pets, change, error):
    challenge = opened(pets)
    lines = change(answers(challenge, 20).decode().splitlines())
    with people.acting_as("Ada"), pytest.raises(ConfigError, match=error):
        challenges.enter_file(challenge.name, "mine.csv", "\n".join(lines).encode("latin-1"))
    assert challenges.of(challenge.name) == []


def test_the_template_lacks_only_the_classes(pets):
    cut = challenges.cut(opened(pets))
    filled = template(cut).replace(",\r\n", ",dog\r\n")
    assert parse(filled.encode(), cut).tolist() == [1] * 40
    assert parse(filled.replace(",dog", ",'dog").encode(), cut).tolist() == [1] * 40, "as a spreadsheet may have it"
    assert parse(filled.replace(",", ";").encode("utf-16"), cut).tolist() == [1] * 40, "as another may have it"
    assert parse(filled.replace(",", " , ").encode(), cut).tolist() == [1] * 40, "as somebody types it"


def test_the_zip_has_labels_for_training_images_alone(pets):
    challenge = opened(pets)
    source, cut = datasets.load(pets), challenges.cut(challenge)
    assert challenges.packed(challenge.name) is None
    path = challenges.pack(challenge.name)
    assert challenges.packed(challenge.name) == path
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        assert sum(name.startswith(("train/cat/", "val/cat/", "train/dog/", "val/dog/")) for name in names) == 40
        pixels = np.asarray(Image.open(io.BytesIO(archive.read("test/7.png"))))
        assert np.array_equal(pixels, source.images[cut.rows[6]])
        assert len([name for name in names if name.startswith("test/")]) == 40


def test_names_in_the_zip_tell_neither_rows_nor_another_class():
    challenge = opened(images_of(people.LECTURER, "odd", class_names=("a/b", "A_b")))
    dataset = datasets.load("odd")
    with zipfile.ZipFile(challenges.pack(challenge.name)) as archive:
        classes = dict(csv.reader(io.StringIO(archive.read("classes.csv").decode())))
        train = {int(Path(name).stem): name for name in archive.namelist() if name.startswith("train/")}
        assert sorted(train) == list(range(1, len(train) + 1))
        rows = []
        for _, name in sorted(train.items()):
            image = np.asarray(Image.open(archive.open(name)))
            (row,) = np.flatnonzero((dataset.images == image).all(axis=(1, 2, 3)))
            assert classes[Path(name).parent.name] == dataset.class_names[dataset.labels[row]]
            rows.append(row)
    assert set(classes) == {"folder", "a_b", "A_b-2"} and sorted(rows) != rows


def test_the_best_of_each_learner_leads_on_the_public_part_until_the_hidden_one_decides(pets):
    challenge = opened(pets)
    for person, right in (("Ada", 12), ("Ben", 15), ("Ada", 18), ("Ben", 2)):
        entered(person, challenge, right)
    cut, entries = challenges.cut(challenge), challenges.of(challenge.name)
    places = challenges.ranked(challenge, entries, cut)
    assert [(place.entry.person, place.public) for place in places] == [
        ("Ada", wilson(18, 20)),
        ("Ben", wilson(15, 20)),
    ]
    assert {place.hidden for place in places} == {place.behind for place in places} == {None}
    places = challenges.ranked(closed(challenge), entries, cut)
    assert [place.hidden for place in places] == [wilson(18, 20), wilson(15, 20)]
    assert places[0].behind is None
    assert (places[1].behind.paired.only_second, places[1].behind.clear) == (3, False)


def test_while_it_is_open_the_hidden_images_change_nothing_that_is_shown(pets):
    challenge = opened(pets)
    entered("Ada", challenge, 12)
    entry, cut = challenges.of(challenge.name)[0], challenges.cut(challenge)
    other = np.array(entry.predictions)
    other[:, ~cut.public] = 1 - other[:, ~cut.public]
    changed = replace(entry, predictions=tuple(map(tuple, other.tolist())))
    for show in (challenges.ranked, challenges.accuracies):
        first, second = (show(challenge, [each], cut) for each in (entry, changed))
        if show is challenges.ranked:
            first, second = ([replace(place, entry=entry) for place in each] for each in (first, second))
        assert first == second


def test_entries_end_with_the_attempts_the_time_and_the_challenge(pets):
    challenge = opened(pets, Rules(attempts=2))
    entered("Ada", challenge, 1)
    entered("Ada", challenge, 2)
    with pytest.raises(AccessError, match="You have entered 2 times today"):
        entered("Ada", challenge, 3)
    entered("Ben", challenge, 3)
    for _ in range(3):
        entered(people.LECTURER, challenge, 3)
    closed(challenge)
    with pytest.raises(AccessError, match="takes no more entries"):
        entered("Ben", challenge, 4)
    now = datetime.now(UTC)
    past, later = (Rules(until=(now + timedelta(minutes=minutes)).isoformat()) for minutes in (-1, 60))
    with pytest.raises(ConfigError, match="which is past"):
        opened(pets, past)
    delete(challenge.name)
    late = opened(pets, later)
    storage.keep("challenges/" + late.name, "challenge", asdict(replace(late, rules=past)))
    with pytest.raises(AccessError, match="takes no more entries"):
        entered("Ben", late, 4)
    assert len(challenges.of(challenge.name)) == 6


def test_a_file_is_refused_where_the_rules_ask_how_it_was_made(pets):
    challenge = opened(pets, Rules(methods=("linear",)))
    with pytest.raises(ConfigError, match="does not tell"):
        entered("Ada", challenge, 3)


@pytest.mark.parametrize(
    "rules",
    [{"methods": ("magic",)}, {"backbones": ("NoNet",)}, {"attempts": 0}, {"until": "soon"}, {"until": "2027-01-31"}],
)
def test_rules_that_cannot_be_are_refused(rules):
    with pytest.raises(LabError):
        Rules(**rules)


def test_an_entry_for_another_number_of_images_is_right_for_none(pets):
    challenge = opened(pets)
    short = replace(entered("Ada", challenge, 20), predictions=((0, 1),))
    (place,) = challenges.ranked(challenge, [short], challenges.cut(challenge))
    assert place.public.value == 0


def test_several_seeds_are_ranked_by_their_mean_with_an_interval_over_seeds_and_images():
    _, cut = planted([0.5])
    rng = np.random.default_rng(2)
    right = {name: rng.random((seeds, 400)) < share for name, seeds, share in (("a", 3, 0.9), ("b", 1, 0.6))}
    entries = [
        Entry(name, name, "", "", tuple(map(tuple, np.where(each, cut.labels, 1 - cut.labels).tolist())))
        for name, each in right.items()
    ]
    first, second = challenges.ranked(Challenge("", "", "", "", "", closed="now"), entries, cut)
    for share, part in ((first.public, cut.public), (first.hidden, ~cut.public)):
        assert share == metrics.mean_of_seeds(right["a"][:, part].mean(axis=1), 200)[0]
    assert second.hidden == wilson(right["b"][:, ~cut.public].sum(), 200)
    assert second.behind == metrics.change_of_seeds(right["b"][:, ~cut.public], right["a"][:, ~cut.public])
    assert second.behind.clear and second.behind.standard_errors.counts == (1, 3)


def test_each_seed_must_keep_the_rules_and_all_of_them_must_have_ended(pets):
    challenge = opened(pets, Rules(methods=("linear",)))
    keeps, breaks = (row(id=method, name=method, dataset=challenge.name, method=method) for method in ("linear", "knn"))
    with people.acting_as(people.LECTURER):
        challenges.check_run(challenge, replace(keeps, id="seeds", accuracy=0.5, seeds=(keeps, keeps)))
        with pytest.raises(ConfigError, match="The method of run knn is knn"):
            challenges.check_run(challenge, replace(keeps, id="seeds", accuracy=0.5, seeds=(keeps, breaks)))
        with pytest.raises(RunError, match="has no result"):
            challenges.check_run(challenge, replace(keeps, id="seeds", status="running", seeds=(keeps, keeps)))


def test_an_entry_from_before_there_were_several_seeds_is_one_of_one(pets):
    challenge = opened(pets)
    entry = entered("Ada", challenge, 12)
    kept = asdict(entry) | {"predictions": entry.predictions[0]}
    storage.keep(f"challenges/{challenge.name}/entries", entry.id, kept)
    assert challenges.of(challenge.name) == [entry]


@pytest.mark.slow
def test_a_run_on_the_copy_is_entered_and_any_other_is_refused(pets, store, monkeypatch):
    with people.acting_as("Ada"):
        seen = runs.create(RunConfig(backbone="Tiny", input_size=8, dataset=pets))
    challenge = opened(pets, Rules(images=100, methods=("linear",)))
    with people.acting_as("Ada"):
        own = runs.create(RunConfig(backbone="Tiny", input_size=8, dataset=challenge.name))
        other = runs.create(RunConfig(backbone="Tiny", input_size=8, dataset=challenge.name, method="knn"))
        for run_id in (seen, own, other):
            assert perform(run_id) == "finished"
        classifier = new_images.classifier

        def entered_meanwhile(run: runs.Run) -> new_images.Classify:
            monkeypatch.setattr(new_images, "classifier", classifier)
            challenges.enter_run(challenge.name, own)
            return classifier(run)

        monkeypatch.setattr(new_images, "classifier", entered_meanwhile)
        with pytest.raises(ConfigError, match="entered before"):
            challenges.enter_run(challenge.name, own)
        (entry,) = challenges.of(challenge.name)
        for run_id, error in ((seen, "may have the hidden images"), (other, "method of run"), (own, "entered before")):
            with pytest.raises(ConfigError, match=error):
                challenges.enter_run(challenge.name, run_id)
        made = RunConfig(backbone="Tiny", input_size=8, dataset=challenge.name, method="finetune", n_train=8, seed=1)
        for rules, change, error in (
            (Rules(methods=("finetune",)), {"teacher": other}, "method of its teacher .* is knn"),
            (Rules(images=20), {"start": own}, "and the runs it builds on learned from 40 labelled images"),
            (Rules(images=20), {"teacher": other}, "and the runs it builds on learned from 40 labelled images"),
            (Rules(images=20, methods=("finetune",)), {}, None),
        ):
            with pytest.raises(ConfigError, match=error) if error else nullcontext():
                run = replace(runs.row(own), id="another", config=replace(made, **change))
                challenges.check_run(replace(challenge, rules=rules), run)
    with people.acting_as("Ben"), pytest.raises(AccessError, match="Only Ada and the lecturer"):
        challenges.enter_run(challenge.name, own)
    assert (entry.person, entry.run, entry.images) == ("Ada", own, 40)
    (place,) = challenges.ranked(challenge, [entry], challenges.cut(challenge))
    assert place.public.value == pytest.approx(runs.get(own).outcome.accuracy), "as on the page of the run"


def planted(rights: list[float], images: int = 400) -> tuple[list[challenges.Place], Cut]:
    """Places of entries whose images are right at random with these probabilities."""
    rng = np.random.default_rng(1)
    labels = np.arange(images) % 2
    cut = Cut(np.arange(images), labels, rng.permutation(images) < images // 2, CLASSES)
    entries = [
        Entry(str(i), f"p{i}", "", "", (tuple(np.where(rng.random(images) < right, labels, 1 - labels).tolist()),))
        for i, right in enumerate(rights)
    ]
    return challenges.ranked(Challenge("", "", "", "", "", closed="now"), entries, cut), cut


def test_a_ranking_of_equals_is_luck_and_one_of_unequals_is_not():
    equal, different = (challenges.luck(*planted(rights)) for rights in ([0.8] * 12, np.linspace(0.3, 0.9, 12)))
    assert abs(equal.others.value) < 0.35 and equal.stays < 0.5 and equal.lead > 0.02
    assert different.others.low > 0.8 and different.correlation > 0.8 and different.stays > 0.5


def test_luck_is_not_told_of_two_or_of_a_tie():
    assert challenges.luck(*planted([0.8, 0.7])) is None
    assert challenges.luck(*planted([1.0, 1.0, 1.0])).correlation == pytest.approx(nan, nan_ok=True)
