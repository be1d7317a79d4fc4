"""What was measured on this machine, and what it tells of other sizes."""

import pytest

from core import hardware, settings
from core.errors import Stopped
from core.features import inference, throughput


def test_a_backbone_never_measured_has_no_estimate(home):
    assert throughput.estimate("Tiny", 32, 1000) is None
    assert throughput.table().empty


def test_the_estimate_is_the_median_of_what_was_measured_here(home):
    for rate in (90, 100, 5000):
        throughput.record("Tiny", 32, rate, hardware.name())
    estimate = throughput.estimate("Tiny", 32, 1000)
    assert estimate.seconds == 10
    assert "Measured here" in estimate.basis


def test_another_size_is_scaled_by_pixel_area_from_the_nearest_and_says_so(home):
    throughput.record("Tiny", 32, 400, hardware.name())
    throughput.record("Tiny", 512, 1, hardware.name())
    estimate = throughput.estimate("Tiny", 64, 1000)
    assert estimate.seconds == 10
    assert "Scaled by pixel area" in estimate.basis
    assert "32 px" in estimate.basis


def test_another_machine_and_another_backbone_tell_nothing_about_this_one(home):
    throughput.record("Tiny", 32, 100, "a machine of 1998")
    throughput.record("VGG16", 32, 100, hardware.name())
    assert throughput.estimate("Tiny", 32, 1000) is None
    assert len(throughput.table()) == 2


def test_what_was_measured_under_an_earlier_name_counts(home):
    throughput.record("TinyCLIP", 32, 100, hardware.name())
    throughput.record("TinyCLIP finetune blocks 2 as they are 32", 32, 10, hardware.name())
    assert throughput.estimate("ToyCLIP", 32, 1000).seconds == 10
    assert throughput.estimate("ToyCLIP finetune blocks 2 as they are 32", 32, 1000).seconds == 100
    throughput.record("ToyCLIP", 32, 300, hardware.name())
    assert throughput.table().set_index("backbone").loc["ToyCLIP", "images_per_second"] == 200


def test_keras_has_a_speed_of_its_own_and_until_it_is_timed_a_share_of_openvinos(home, monkeypatch):
    throughput.record("Tiny", 32, 100, hardware.name())
    monkeypatch.setattr(inference, "available", lambda precision: True)
    estimate = throughput.estimate_in_keras("Tiny", 32, 1000)
    assert estimate.seconds == pytest.approx(10 / throughput.KERAS_SHARE)
    assert "100 images/s" in estimate.basis and "Keras" in estimate.basis
    monkeypatch.setattr(inference, "available", lambda precision: False)
    assert throughput.estimate_in_keras("Tiny", 32, 1000).seconds == 10
    throughput.record(throughput.in_keras("Tiny"), 32, 50, hardware.name())
    assert throughput.estimate_in_keras("Tiny", 32, 1000).seconds == 20


def test_old_measurements_give_way_to_new_ones(home):
    for rate in [1] * 50 + [100] * throughput.KEPT:
        throughput.record("Tiny", 32, rate, "here")
    row = throughput.table().iloc[0]
    assert (row.images_per_second, row.measurements) == (100, throughput.KEPT)


def test_a_broken_file_is_measured_anew(home):
    settings.home().mkdir(exist_ok=True)
    (settings.home() / "speeds.json").write_text("{half")
    assert throughput.table().empty
    throughput.record("Tiny", 32, 100, "here")
    assert len(throughput.table()) == 1


def test_measure_runs_the_backbone_and_remembers_its_speed(home, monkeypatch):
    monkeypatch.setattr(throughput, "MEASURE_SECONDS", 0.2)
    moments = []
    rate = throughput.measure("Tiny", 32, moments.append)
    assert rate > 1
    assert moments
    assert throughput.estimate("Tiny", 32, 100).seconds == pytest.approx(100 / rate)


def test_measure_can_be_stopped(home):
    def stop(progress):
        raise Stopped

    with pytest.raises(Stopped):
        throughput.measure("Tiny", 32, stop)
