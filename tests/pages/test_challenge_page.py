"""Challenge: opened, entered from the page of a run, closed; and what a learner is not shown meanwhile."""

import numpy as np
import pytest

from core import challenges, people, roster, runs, seeds
from core.config import RunConfig
from core.data import dataset as stored
from core.errors import AccessError
from core.execute import perform
from core.metrics import Interval
from tests.pages.conftest import said, wait

TINY = {"backbone": "Tiny", "input_size": 8, "weights": "untrained"}
IMAGES = np.random.default_rng(0).integers(0, 255, (80, 32, 32, 3), np.uint8)


@pytest.fixture
def pets(store, monkeypatch: pytest.MonkeyPatch) -> str:
    """A dataset of the lecturer, in a class with Ada and Ben."""
    monkeypatch.setenv("BACKBONE_LAB_MODE", "class")
    for name in ("Ada", "Ben"):
        roster.join(roster.read().code, name)
    rows = ((image, row % 2, "test" if row < 40 else "train", f"{row}.png") for row, image in enumerate(IMAGES))
    about = {"class_names": ("cat", "dog"), "source": "here", "licence": "none", "skipped": ()}
    with people.acting_as(people.LECTURER):
        name = stored.write([("pets", "Pets")], rows, metadata=about).name
    yield name
    people.set_identity(lambda: None)


def ran(person: str, dataset: str, count: int = 1) -> str:
    """A finished run of this person, or an entry of so many seeds."""
    entry = runs.new_entry() if count > 1 else ""
    with people.acting_as(person):
        for config in seeds.configs(RunConfig(**TINY, dataset=dataset, n_train=20), count):
            run_id = runs.create(config, entry=entry)
            assert perform(run_id) == "finished"
    return entry or run_id


def press(page, label: str):
    """Press a button of a page by its label."""
    next(button for button in page.button if button.label == label).click()
    return page.run()


def test_a_challenge_from_opening_to_closing(visit, pets, monkeypatch):
    lecture = ran(people.LECTURER, pets)
    people.set_identity(lambda: people.LECTURER)
    page = visit("challenge")
    page.selectbox[0].select(pets)
    page.text_input[0].input("Friday")
    wait(press(page, "Open the challenge"), lambda: "Nobody has entered yet" in said(page))

    own = ran("Ada", "friday")
    people.set_identity(lambda: "Ada")
    page = press(visit("run", run=own), "Enter it")
    wait(page, lambda: challenges.of("friday"))
    from dashboard import server

    assert {run.id for run in server.runs.rows()} == {own}, "the other was tested on the hidden images too"
    with pytest.raises(AccessError, match="Only the lecturer can see this"):
        server.runs.predictions(lecture)
    assert pets not in {summary.name for summary in server.datasets.available()}
    page = visit("few_shot")
    page.query_params["dataset"] = pets
    page.run()
    assert page.selectbox[0].value == "cifar10-sample", "an address brings no dataset that is held back"

    people.set_identity(lambda: "Ben")
    page, share = visit("challenge"), runs.get(own).outcome.accuracy
    wait(page, lambda: f"**Ada** leads with {100 * share:.1f} %" in said(page))
    assert not {"Open the challenge", "Close the challenge"} & {button.label for button in page.button}
    assert "Hidden part" not in page.table[0].value.columns
    page = press(page, "Prepare the zip")
    wait(page, lambda: page.get("download_button"))
    assert challenges.packed("friday")
    assert server.challenges.entered("friday") == {own}
    with monkeypatch.context() as patch:
        patch.setattr(challenges, "of", None)
        assert server.challenges.entered("friday") == {own}, "entries are read once"
    with people.acting_as(people.LECTURER):
        people.change(shown=False)
    page = visit("challenge")
    assert "**A learner** leads" in said(page) and page.table[0].value["Entry"].tolist() == [""]
    with people.acting_as(people.LECTURER):
        people.change(shown=True)

    several = ran("Ben", "friday", 2)
    people.set_identity(lambda: "Ben")
    page = press(visit("run", run=several), "Enter it")
    wait(page, lambda: server.challenges.entered("friday") == {own, several})
    entry = challenges.of("friday")[1]
    assert len(entry.predictions) == 2 and entry.name.endswith("mean of 2 seeds")
    mean = runs.row(several)
    (place,) = (place for place in server.challenges.standing("friday").places if place.entry.person == "Ben")
    assert place.public == Interval(mean.accuracy, mean.accuracy_low, mean.accuracy_high), "as on the page of the run"

    people.set_identity(lambda: people.LECTURER)
    page = visit("challenge")
    (images,) = (set(box.options) for box in page.selectbox if box.label == "Images")
    assert not {"Friday", "Pets"} & images, "no second challenge on what one needs"
    page = press(page, "Close the challenge")
    assert "is first with" in said(page) and "Hidden part" in page.table[0].value.columns
    people.set_identity(lambda: "Ben")
    assert {run.entry or run.id for run in server.runs.rows()} == {own, lecture, several}
