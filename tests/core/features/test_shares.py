"""An extraction that others share: the same features, each computed once, whoever vanishes."""

import json
from dataclasses import asdict, dataclass
from itertools import pairwise

import numpy as np
import pytest

from core import features, settings, storage
from core.data import datasets
from core.errors import BackboneError, DatasetError, LabError, Stopped
from core.features import CHUNK, Encoder, cache, compiled, shares, throughput
from core.progress import silent
from tests.core.features.test_cache import toy

ENCODER = Encoder("Tiny", "untrained", 8)
ROWS = np.arange(1300)  # three chunks


@dataclass
class Asked:
    """What another worker was asked for; looks like a future of Dask."""

    rows: np.ndarray
    status: str = "pending"

    def cancel(self) -> None:
        self.status = "cancelled"


class Others:
    """Workers that do a number of shares at once, and none of the rest."""

    def __init__(self, able: int):
        self.able, self.asked = able, []

    def __call__(self, work, rows) -> Asked:
        self.asked.append(Asked(rows))
        if len(self.asked) <= self.able:
            try:
                work(rows)
                self.asked[-1].status = "finished"
            except LabError:
                self.asked[-1].status = "error"
        return self.asked[-1]


@pytest.fixture
def passes(home, monkeypatch) -> list[int]:
    """Images of each pass through a network whose features are the first pixels of an image."""
    passes = []

    def function(pixels):
        passes.append(len(pixels))
        return pixels[:, 0, 0, :].astype(np.float32)

    monkeypatch.setattr(compiled, "build", lambda *_, **__: compiled.Forward(function, 3, batch_size=100))
    monkeypatch.setattr(datasets, "load", lambda name: toy())
    return passes


def extract(others=None, *, rows=ROWS, report=silent) -> np.ndarray:
    with shares.given_to(others):
        return features.extract(toy(), rows, ENCODER, report=report).values


def check(values: np.ndarray) -> None:
    np.testing.assert_array_equal(values, toy().images[:, 0, 0])
    assert features.missing(toy(), ROWS, ENCODER) == 0
    np.testing.assert_array_equal(extract(), values)


@pytest.mark.parametrize("able", [0, 1, 2])
def test_what_others_stored_is_not_computed_again_and_what_they_did_not_is(passes, able):
    others = Others(able)
    check(extract(others))
    assert sum(passes) == len(ROWS)
    assert [len(asked.rows) for asked in others.asked] == [CHUNK, CHUNK]
    assert {asked.status for asked in others.asked} == {"cancelled"}  # nothing of it is left in the scheduler


def test_rows_that_a_chunk_had_before_stay(passes):
    extract(rows=ROWS[::2])
    check(extract(Others(2)))
    assert sum(passes) == len(ROWS)


def test_a_share_that_was_done_in_vain_is_computed(passes, monkeypatch):
    def without_dataset(name):
        raise DatasetError("There is no dataset here")

    monkeypatch.setattr(datasets, "load", without_dataset)
    moments = []
    check(extract(Others(2), report=moments.append))
    assert [moment.done for moment in moments if moment.stage == "extract"][:2] == [0, 100]


def test_progress_counts_what_others_did(passes):
    moments = []
    extract(Others(1), report=moments.append)
    done = [moment.done for moment in moments if moment.stage == "extract"]
    assert done == sorted(done)
    assert (done[1], done[-1]) == (100 + CHUNK, 1300)
    json.dumps([asdict(moment) for moment in moments])  # as the store of runs keeps it


def test_a_speed_is_recorded_of_the_images_that_were_computed_here(passes, monkeypatch):
    recorded = []
    monkeypatch.setattr(throughput, "record", lambda *args: recorded.append(args))
    monkeypatch.setattr(cache, "MIN_TIMED", 2 * CHUNK)
    extract(Others(2))
    assert not recorded and 0 < sum(passes) - 2 * CHUNK < CHUNK
    features.clear()
    extract()
    assert len(recorded) == 1


def test_who_is_stopped_takes_its_shares_back(passes):
    def stop(progress):
        if progress.done > CHUNK + 300:  # another's share, and all of its own
            raise Stopped

    others = Others(1)
    with pytest.raises(Stopped):
        extract(others, report=stop)
    assert {asked.status for asked in others.asked} == {"cancelled"}
    assert 0 < features.missing(toy(), ROWS, ENCODER) <= CHUNK
    check(extract())


def test_nothing_is_stored_for_one_that_has_ended(passes):
    extract(rows=ROWS[:1])
    (entry,) = features.entries()
    cache.store("toy", ENCODER, ROWS[1:CHUNK])
    assert features.missing(toy(), ROWS, ENCODER) == 1299
    with storage.locked(storage.lock_of(entry.path)):
        cache.store("toy", ENCODER, ROWS[1:CHUNK])
    assert features.missing(toy(), ROWS, ENCODER) == 1300 - CHUNK


def test_nothing_is_stored_where_the_dataset_is_another_one(passes, monkeypatch):
    extract(rows=ROWS[:1])
    (entry,) = features.entries()
    monkeypatch.setattr(datasets, "load", lambda name: toy(fingerprint="fedcba9876543210"))
    with storage.locked(storage.lock_of(entry.path)), pytest.raises(BackboneError, match="would differ"):
        cache.store("toy", ENCODER, ROWS[1:])
    assert len(list(settings.folder("features").glob("*.zarr"))) == 1
    assert features.missing(toy(), ROWS, ENCODER) == 1299


@pytest.mark.parametrize("count", [1, CHUNK, CHUNK + 1, 60_000, 1_300_000])
def test_shares_are_whole_chunks(count):
    others, rows = Others(0), np.arange(0, 2 * count, 2)
    with shares.given_to(others), shares.offered(lambda rows: None, rows, CHUNK) as parts:
        given = [rows[part.places] for part in parts]
    np.testing.assert_array_equal(np.concatenate(given), rows)
    for earlier, later in pairwise(given):
        assert earlier[-1] // CHUNK < later[0] // CHUNK
    assert len(given) <= len(np.unique(rows // CHUNK))
    assert max(map(len, given)) <= max(CHUNK, count / 16, 1)
    assert [len(asked.rows) for asked in others.asked] == [len(part) for part in given[:-1]]
