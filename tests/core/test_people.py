"""Who may do what: each line of the table, tried by the code that acts; and how a class is joined."""

import stat
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest

from core import features, limits, maps, people, roster, runs
from core.config import RunConfig
from core.data import dataset as stored
from core.data import datasets
from core.errors import AccessError, ConfigError

TINY = RunConfig(backbone="Tiny")
COLOURS = [(np.full((32, 32, 3), 20 * row, np.uint8), row % 2, "", str(row)) for row in range(12)]
ABOUT = {"class_names": ("a", "b"), "source": "here", "licence": "none", "skipped": ()}


@pytest.fixture(autouse=True)
def a_class(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ada and Ben have joined a class, and nobody acts yet."""
    monkeypatch.setenv("BACKBONE_LAB_MODE", "class")
    for name in ("Ada", "Ben"):
        roster.join(roster.read().code, name)


def imported(person: str, title: str) -> str:
    """A dataset of this person."""
    with people.acting_as(person):
        return stored.write([(title, title)], iter(COLOURS), metadata=ABOUT).name


def started(person: str, config: RunConfig = TINY) -> str:
    """A run of this person that has ended, unless it is queued."""
    with people.acting_as(person):
        return runs.create(config)


def test_alone_everything_is_allowed(monkeypatch):
    monkeypatch.setenv("BACKBONE_LAB_MODE", "alone")
    assert people.current_person() == people.LECTURER
    assert all(people.may(action, "Ada") for action in people.RULES)


def test_a_class_acts_for_nobody_until_somebody_is_named():
    assert people.current_person() is None
    for action in people.RULES:
        assert not people.may(action)
        with pytest.raises(AccessError, match="not in this class"):
            people.require(action)


def test_a_lecturer_may_do_everything():
    with people.acting_as(people.LECTURER):
        for action in people.RULES:
            assert people.require(action, "Ada") == people.LECTURER


@pytest.mark.parametrize(
    ("owner", "allowed"),
    [("Ada", {"all", "own", "seen"}), ("Ben", {"all", "seen"}), (people.LECTURER, {"all", "seen"})],
)
def test_a_learner_may_do_what_the_table_says(owner, allowed):
    with people.acting_as("Ada"):
        for action, rule in people.RULES.items():
            assert people.may(action, owner) == (rule.learners in allowed), action


def test_the_lecturer_decides_whether_learners_see_each_other():
    with people.acting_as(people.LECTURER):
        people.change(shown=False)
    with people.acting_as("Ada"):
        assert people.may("see", "Ada") and people.may("see", people.LECTURER)
        with pytest.raises(AccessError, match="Only Ben and the lecturer can see this"):
            people.require("see", "Ben")


ON_A_RUN: dict[str, Callable[[str], object]] = {
    "stop": runs.request_stop,
    "resume": runs.resume,
    "describe": lambda run_id: runs.describe(run_id, name="mine"),
    "archive": lambda run_id: runs.set_archived(run_id, True),
    "delete": runs.delete,
}


@pytest.mark.parametrize("deed", ON_A_RUN)
@pytest.mark.parametrize("owner", [people.LECTURER, "Ada"])
def test_nobody_changes_the_run_of_another(store, deed, owner):
    run_id = started(owner)
    if deed != "stop":
        runs.end(run_id, "stopped")
    before = runs.get(run_id)
    for intruder in (people.acting_as("Ben"), nullcontext()):
        with intruder, pytest.raises(AccessError):
            ON_A_RUN[deed](run_id)
    assert runs.get(run_id) == before
    with people.acting_as(owner):
        ON_A_RUN[deed](run_id)


def test_a_run_belongs_to_whoever_started_it(store):
    mine, lecture = started("Ada"), started(people.LECTURER)
    assert runs.get(mine).person == "Ada"
    assert {row.id: row.person for row in runs.rows()} == {mine: "Ada", lecture: people.LECTURER}
    with pytest.raises(AccessError):
        runs.create(TINY)


def test_a_learner_starts_with_the_published_weights_of_a_transformer(store):
    assert runs.get(started("Ada", RunConfig(backbone="ToyCLIP"))).config.weights == "published"


def test_a_learner_starts_from_no_file_of_the_server_and_from_nothing_hidden(store):
    hidden = imported("Ben", "bens")
    with people.acting_as(people.LECTURER):
        people.change(shown=False)
    probe = started("Ben")
    for config in (
        RunConfig(backbone="Tiny", weights="/etc/hostname"),
        RunConfig(backbone="Tiny", dataset=hidden),
        RunConfig(backbone="Tiny", method="finetune", start=probe),
    ):
        with pytest.raises(AccessError):
            started("Ada", config)
    assert len(runs.rows()) == 1


def test_a_dataset_is_changed_by_its_owner_and_the_lecturer_alone():
    name = imported("Ada", "photos")
    assert datasets.load(name).person == "Ada"
    assert [each.person for each in datasets.available() if each.name == name] == ["Ada"]
    with people.acting_as("Ben"):
        for change in (datasets.delete, lambda name: datasets.rename(name, "bens")):
            with pytest.raises(AccessError, match="Only Ada and the lecturer"):
                change(name)
    with people.acting_as("Ada"):
        renamed = datasets.rename(name, "better photos")
        datasets.delete(renamed)
    assert stored.names() == []


def test_the_same_images_are_stored_once_for_a_person_and_shared_with_the_lecturer_alone():
    lecture = imported(people.LECTURER, "lecture")
    with people.acting_as("Ada"):
        assert stored.write([("lecture", "lecture")], iter(COLOURS), metadata=ABOUT).name == lecture
    adas = imported("Ada", "photos")
    with people.acting_as("Ben"):
        names = [("photos", "photos"), ("photos-2", "photos 2")]
        copy = stored.write(names, iter(COLOURS), metadata=ABOUT)
    assert (copy.name, copy.person) == ("photos-2", "Ben")
    assert copy.fingerprint == stored.read(adas).fingerprint, "so that their features are the same"


def test_what_is_older_than_the_class_is_the_lecturers(home):
    name = imported("Ada", "photos")
    about = home / "datasets" / name / "dataset.json"
    about.write_text(about.read_text().replace('"person": "Ada",', ""))
    assert stored.read(name).person == people.LECTURER
    with people.acting_as("Ada"), pytest.raises(AccessError, match="Only the lecturer"):
        datasets.delete(name)


@pytest.mark.parametrize("clear", [features.clear, maps.clear])
def test_a_learner_clears_no_cache(clear):
    with people.acting_as("Ada"), pytest.raises(AccessError, match="Only the lecturer can clear the caches"):
        clear()


@pytest.mark.parametrize("act", [lambda: people.free("Ben"), lambda: people.change(code="BBBBBB")])
def test_a_learner_changes_nothing_of_the_class(act):
    before = roster.read()
    with people.acting_as("Ada"), pytest.raises(AccessError, match="Only the lecturer"):
        act()
    assert roster.read() == before


def test_work_in_a_worker_is_for_whoever_asked():
    seen = people.on_behalf("Ada", lambda report: people.current_person(), report=lambda progress: None)
    assert seen == "Ada" and people.current_person() is None


def test_a_name_is_joined_by_once_and_can_be_freed():
    code = roster.read().code
    name, seat = roster.join(f" {code[:3].lower()}-{code[3:]} ", "  Çağla   Öz ")
    assert name == "Çağla Öz" and roster.read().seats[name] == seat
    for taken in ("Çağla Öz", "ÇAĞLA ÖZ", "Ｃ̧ağla Öz", "Lecturer"):
        with pytest.raises(AccessError, match="is taken"):
            roster.join(code, taken)
    with people.acting_as(people.LECTURER):
        people.free(name)
    assert roster.join(code, name)[1] != seat


@pytest.mark.parametrize("name", ["", "   ", "x" * 41, "a\nb\x00", "\u202eadA", "...", "\u200b"])
def test_a_name_has_something_to_read_and_no_tricks(name):
    with pytest.raises(AccessError, match="cannot be a name"):
        roster.join(roster.read().code, name)


def test_another_code_ends_the_old_one_and_keeps_the_names():
    old = roster.read()
    with people.acting_as(people.LECTURER):
        people.change(code=roster.new_code())
    assert not roster.is_code(old.code) and roster.read().seats == old.seats
    for wrong in (old.code, "", "ä"):
        with pytest.raises(AccessError, match="not the code"):
            roster.join(wrong, "Cem")


def test_the_key_and_the_seats_are_for_this_user_alone(home):
    key = roster.key()
    assert key == roster.key() and len(key) == 32
    for file in (home / roster.KEY, home / roster.FILE):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize("content", [b"", b"half"])
def test_a_truncated_key_signs_nothing(home, content):
    (home / roster.KEY).write_bytes(content)
    with pytest.raises(ConfigError, match=r"class\.key is damaged.*Delete it"):
        roster.key()


@pytest.mark.parametrize(("file", "read"), [(roster.KEY, roster.key), (roster.FILE, roster.read)])
def test_a_class_whose_files_cannot_be_read_is_a_sentence(home, file, read):
    (home / file).unlink(missing_ok=True)
    (home / file).mkdir()
    with pytest.raises(ConfigError, match=f"{file} cannot be read"):
        read()


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{}",
        '{"code": 5}',
        '{"code": ""}',
        '{"code": null}',
        '{"code": "ABC"}',
        '{"code": "BCDFGH", "seats": []}',
        '{"code": "BCDFGH", "seats": {"Ada": null}}',
        '{"code": "BCDFGH", "seats": {"Ada": ""}}',
        '{"code": "BCDFGH", "shown": "no"}',
        '{"code": "BCDFGH", "more": 1}',
    ],
)
def test_a_damaged_class_lets_nobody_in(home, content):
    (home / roster.FILE).write_text(content)
    with pytest.raises(ConfigError, match=r"class\.json is damaged.*Delete it"):
        roster.is_code("")


def queue() -> list[str]:
    """Whose runs begin, in order."""
    return [run.person for run in runs.active()]


@pytest.mark.slow
def test_each_learner_has_a_run_in_turn_and_a_lecturer_goes_first(store):
    for person in ("Ada", "Ada", "Ada", "Ben", "Ben", people.LECTURER):
        started(person)
    assert queue() == [people.LECTURER, "Ada", "Ben", "Ada", "Ben", "Ada"]


@pytest.mark.slow
def test_who_comes_again_and_again_does_not_overtake_who_waits(store):
    for _ in range(3):
        started("Ada")
    begun = []
    for _ in range(5):
        if "Ben" not in queue():
            started("Ben")  # as soon as his last one has ended
        begun.append(runs.active()[0])
        runs.start(begun[-1].id)
        runs.end(begun[-1].id, "stopped")
    assert [run.person for run in begun] == ["Ada", "Ben", "Ada", "Ben", "Ada"]


def test_a_resumed_run_waits_for_its_turn_again(store):
    first = started("Ada")
    runs.end(first, "stopped")
    started("Ben")
    second = started("Ada")
    with people.acting_as("Ada"):
        runs.resume(first)
    assert [run.id for run in runs.active()][-1] == first and second in {run.id for run in runs.active()[:2]}


def test_alone_runs_begin_in_the_order_in_which_they_were_queued(store, monkeypatch):
    monkeypatch.setenv("BACKBONE_LAB_MODE", "alone")
    queued = [runs.create(TINY) for _ in range(3)]
    assert [run.id for run in runs.active()] == queued


@pytest.mark.parametrize(
    ("limit", "config", "sentence"),
    [
        ("runs = 0", TINY, "1 of your runs is waiting or running"),
        ("epochs = 2", RunConfig(backbone="CustomCNN", method="scratch", epochs=3), "The run has 3 epochs"),
        ("input_size = 31", TINY, "The input size is 32 px"),
    ],
)
def test_a_limit_is_said_in_a_sentence_and_is_no_limit_for_the_lecturer(store, home, limit, config, sentence):
    started("Ada", config)
    (home / limits.FILE).write_text(limit)
    with pytest.raises(AccessError, match=f"{sentence}. Expected at most"):
        started("Ada", config)
    started(people.LECTURER, config)


def test_a_learner_queues_no_more_than_three_runs(store):
    for _ in range(3):
        started("Ada")
    with pytest.raises(AccessError, match=r"3 of your runs are waiting or running\. Expected at most 3"):
        started("Ada")
    started("Ben")


@pytest.mark.slow
def test_a_learner_resumes_no_more_than_three_runs(store):
    stopped = []
    for _ in range(2):
        ids = [started("Ada") for _ in range(3)]
        for run_id in ids:
            runs.end(run_id, "stopped")
        stopped += ids
    with people.acting_as("Ada"):
        for run_id in stopped[:3]:
            runs.resume(run_id)
        with pytest.raises(AccessError, match="3 of your runs are waiting or running"):
            runs.resume(stopped[3])
    assert runs.get(stopped[3]).status == "stopped"


def test_the_images_of_a_learner_and_of_all_are_counted(home):
    imported("Ada", "adas")
    imported("Ben", "bens")
    for limit, adds, sentence in (
        ("images = 20", 9, "You would have 21 images"),
        ("gigabytes = 0.00006", 9, "You would have 0.00 GB"),
        ("class_gigabytes = 0.00009", 9, "All learners would have 0.00 GB"),
    ):
        (home / limits.FILE).write_text(limit)
        with people.acting_as("Ada"), pytest.raises(AccessError, match=sentence):
            stored.check_share(adds, 32)
        with people.acting_as("Ada"):
            stored.check_share(1, 32)
        with people.acting_as(people.LECTURER):
            stored.check_share(10**9, 32)


def test_a_copy_counts_too(home):
    name = imported("Ada", "adas")
    (home / limits.FILE).write_text("images = 20")
    with people.acting_as("Ada"), pytest.raises(AccessError, match="You would have 24 images"):
        datasets.copy(datasets.load(name), "copy", note="")


@pytest.mark.parametrize(
    "text", ["epoch = 5", "epochs = 'many'", "epochs = -1", "epochs = true", "epochs = nan", "epochs"]
)
def test_a_wrong_line_of_the_limits_is_named(home, text):
    (home / limits.FILE).write_text(text)
    with pytest.raises(ConfigError, match=r"limits\.toml"):
        limits.read()
