"""Estimates of tasks: counted in timed parts, kept beside the time taken, corrected by what was kept."""

import json

import pytest

from core import hardware, settings
from core.features import estimates, throughput
from core.features.estimates import ENOUGH, KEPT, Count
from core.features.throughput import Estimate


def said(seconds: float, counted: float) -> Estimate:
    return Estimate(seconds, "", counted=counted)


def test_a_count_adds_images_networks_and_other_work_at_the_speeds_of_this_machine(home):
    throughput.record("Tiny", 32, 100, hardware.name())
    estimates.time_work("build Tiny", 1, 4.0, size=32)
    estimates.time_work("layer head", 50, 1.0)
    count = Count("layers")
    count.network("Tiny", 32, 200, builds=2)
    count.work("layer head", 150, label="3 heads")
    estimate = count.estimate()
    assert estimate.seconds == estimate.counted == pytest.approx(200 / 100 + 2 * 4 + 150 / 50)
    assert "200 images" in estimate.basis and "3 heads" in estimate.basis


def test_a_network_that_was_never_measured_here_leaves_the_time_unknown(home):
    count = Count("layers")
    count.network("Tiny", 32, 0)
    assert count.estimate() is not None  # it has nothing to do
    count.network("Tiny", 32, 10)
    assert count.estimate() is None
    assert count.images == 10


def test_other_work_has_a_speed_before_it_is_timed_here(home):
    count = Count("layers")
    count.work("layer head", estimates.ELSEWHERE["layer head"])
    assert count.seconds == 1


def test_work_of_a_new_kind_leaves_the_time_unknown_until_it_is_timed(home):
    count = Count("a new head")
    count.work("new head", 0)
    assert count.estimate() is not None  # it has nothing to do
    count.work("new head", 100)
    assert count.estimate() is None
    estimates.time_work("new head", 50, 1.0)
    timed = Count("a new head")
    timed.work("new head", 100)
    assert timed.seconds == 2


def test_a_speed_is_that_of_the_nearest_size(home):
    estimates.time_work("tsne layout", 100, 1.0, size=128)
    estimates.time_work("tsne layout", 1000, 1.0, size=4096)
    count = Count("six maps")
    count.work("tsne layout", 3000, size=estimates.bucket(3000))
    assert count.seconds == 3
    assert [estimates.bucket(images) for images in (1, 100, 500, 3000)] == [1, 128, 512, 4096]


def test_the_median_of_earlier_tasks_of_the_same_kind_corrects_an_estimate(home):
    for taken in (15, 18, 20, 1000):
        estimates.record("layers", said(10, 10), taken)
    assert estimates.corrected("layers", 10, "counted").seconds == 10  # so few could be chance
    estimates.record("layers", said(10, 10), 1000)
    corrected = estimates.corrected("layers", 10, "counted")
    assert (corrected.seconds, corrected.counted) == (20, 10)
    assert "2.00" in corrected.basis
    assert estimates.corrected("few-shot", 10, "counted").seconds == 10


def test_what_is_corrected_is_the_count_so_that_corrections_do_not_pile_up(home):
    for _ in range(6):
        now = estimates.corrected("layers", 10, "")
        estimates.record("layers", now, 20)
    assert estimates.corrected("layers", 10, "").seconds == 20


def test_what_a_count_always_leaves_out_is_added(home):
    for counted in (1, 2, 5, 10, 20):
        estimates.record("finetune", said(counted, counted), counted + 12)
    corrected = estimates.corrected("finetune", 40, "counted")
    assert corrected.seconds == 52
    assert "plus 12.0 s" in corrected.basis


def test_a_count_that_was_right_is_left_as_it_is(home):
    for counted, taken in ((10, 10), (10, 11), (20, 19), (10, 10), (5, 5)):
        estimates.record("layers", said(counted, counted), taken)
    assert estimates.corrected("layers", 10, "counted").seconds == 10
    assert estimates.corrected("layers", 10, "counted").basis == "counted"


def test_a_difference_that_is_taken_off_leaves_some_time(home):
    for counted in (50, 60, 70, 90, 100):
        estimates.record("layers", said(counted, counted), counted - 30)
    assert estimates.corrected("layers", 60, "").seconds == 30
    assert estimates.corrected("layers", 8, "").seconds == 2


def test_a_bounded_number_of_tasks_and_timings_is_kept(home):
    for number in range(3 * KEPT):
        estimates.record("layers", said(10, 10), 10 + number)
        estimates.record("few-shot", said(10, 10), 10)
        estimates.time_work("layer head", 1, 1 + number)
    kept = estimates.tasks()
    assert len(kept) == 2 * KEPT
    assert list(kept[kept["kind"] == "layers"]["taken"]) == [10 + number for number in range(2 * KEPT, 3 * KEPT)]
    assert len(json.loads((settings.home() / "estimates.json").read_text())["work"][0]["rates"]) == KEPT


def test_tasks_of_another_machine_and_those_that_were_nothing_to_do_correct_nothing(home, monkeypatch):
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(hardware, "name", lambda: "a machine of 1998")
        for _ in range(ENOUGH):
            estimates.record("layers", said(10, 10), 100)
        estimates.time_work("layer head", 1, 1000)
    assert estimates.corrected("layers", 10, "").seconds == 10
    estimates.record("layers", None, 100)
    estimates.record("layers", said(10, 10), 0.2)
    assert len(estimates.tasks()) == ENOUGH
    count = Count("layers")
    count.work("layer head", 1)
    assert count.seconds < 1


def test_the_error_is_that_of_what_was_said(home):
    for told, taken in ((10, 20), (30, 20), (20, 20)):
        estimates.record("layers", said(told, 1), taken)
    assert estimates.median_error(estimates.tasks()) == 0.5


def test_a_broken_file_is_as_good_as_none(home):
    settings.home().mkdir(exist_ok=True)
    (settings.home() / "estimates.json").write_text('{"tasks": [{"kind": "layers"}], "work": 3')
    assert estimates.tasks().empty
    estimates.record("layers", said(10, 10), 20)
    assert len(estimates.tasks()) == 1


def test_tasks_that_were_counted_otherwise_correct_nothing_and_timings_stay(home, monkeypatch):
    with monkeypatch.context() as before:
        before.setattr(estimates, "VERSION", estimates.VERSION - 1)
        for _ in range(ENOUGH):
            estimates.record("finetune", said(10, 10), 100)
        estimates.time_work("layer head", 1, 1000)
    assert estimates.corrected("finetune", 10, "").seconds == 10
    count = Count("layers")
    count.work("layer head", 1)
    assert count.seconds == 1000
