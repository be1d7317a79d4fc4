"""Real workers: runs queue, stop, die and are survived, while short calls are answered."""

import itertools
import os
import random
import signal
import sqlite3
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from threading import Event

import numpy as np
import pandas as pd
import psutil
import pytest

from core import backbones, cluster, hardware, people, runs, tasks
from core import engine as engines
from core.config import RunConfig
from core.engine import Engine
from core.errors import ConfigError, EngineError, NoAnswer, RunError, Stopped, StoreError
from core.execute import DIED
from core.progress import Progress
from core.training import checkpoints

pytestmark = pytest.mark.slow

PATIENCE = 300  # seconds for an answer, on a machine that is busy

SHORT = RunConfig(backbone="Tiny", n_train=100, n_test=50)
LONG = RunConfig(backbone="Tiny", n_train=100, n_test=50, method="linear-adam", epochs=1_000_000)

TRAINING = RunConfig(backbone="Tiny", n_train=100, n_test=50, method="scratch", epochs=60, batch_size=8)
LONG_TRAINING = replace(TRAINING, epochs=1000)


@pytest.fixture(autouse=True)
def home(engine, monkeypatch):
    """The workers' home, which is the same for the whole module."""
    folder = engine.call(_home).result()
    monkeypatch.setenv("BACKBONE_LAB_HOME", folder)
    return folder


def _home() -> str:
    return os.environ["BACKBONE_LAB_HOME"]


def test_a_worker_keeps_its_memory_in_huge_pages_where_they_are_offered(engine):
    expected = hardware.huge_pages()
    assert {name: engine.call(os.getenv, name).result(timeout=PATIENCE) for name in expected} == expected


def test_a_worker_looks_for_delays_twice_a_second_instead_of_fifty_times(engine):
    assert engine.call(_looks_every).result(timeout=PATIENCE) == 500


def _looks_every() -> float:  # milliseconds
    from distributed import get_worker

    return get_worker().periodic_callbacks["tick"].callback_time


def test_a_worker_does_not_profile_itself(engine):
    assert not engine.call(_profiles).result(timeout=PATIENCE)


def _profiles() -> bool:
    from distributed import get_worker

    return "profile" in get_worker().periodic_callbacks


def wait(run_id: str, *statuses: str) -> runs.Run:
    deadline = time.monotonic() + PATIENCE
    while (run := runs.get(run_id)).status not in statuses:
        assert time.monotonic() < deadline, f"still {run.status} ({run.error}), not {statuses}"
        time.sleep(0.1)
    return run


def wait_until_it_trains(run_id: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not ((progress := runs.get(run_id).progress) and progress.stage == "train" and progress.done):
        assert time.monotonic() < deadline, runs.get(run_id)
        time.sleep(0.1)


def test_runs_queue_and_short_calls_are_answered_meanwhile(engine):
    first, second = engine.submit(LONG), engine.submit(SHORT)
    wait_until_it_trains(first)
    assert [run.id for run in runs.active()] == [first, second]
    assert engine.call(sum, [1, 2]).result(timeout=PATIENCE) == 3
    engine.stop(first)
    assert wait(first, "stopped").outcome is None
    assert wait(second, "finished").outcome.n_test == 50
    assert runs.active() == []


def test_a_running_run_stops_and_the_next_one_works(engine):
    run_id = engine.submit(LONG)
    wait_until_it_trains(run_id)
    engine.stop(run_id)
    wait(run_id, "stopped")
    assert wait(engine.submit(SHORT), "finished").outcome


def test_in_a_class_the_lecturers_run_goes_first_and_learners_take_turns(engine, monkeypatch):
    monkeypatch.setenv("BACKBONE_LAB_MODE", "class")

    def submit(person: str, config: RunConfig = SHORT) -> str:
        with people.acting_as(person):
            return engine.submit(config)

    running = submit(people.LECTURER, LONG)
    wait_until_it_trains(running)
    ada, adas_second, ben, lecture = (submit(person) for person in ("Ada", "Ada", "Ben", people.LECTURER))
    assert [run.id for run in runs.active()] == [running, lecture, ada, ben, adas_second]
    with people.acting_as(people.LECTURER):
        engine.stop(running)
    in_turn = (lecture, ada, ben, adas_second)
    for run_id in in_turn:
        wait(run_id, "finished")
        while not runs.get(run_id).finished:  # its time is written after its status
            time.sleep(0.1)
    ended = [runs.get(run_id).finished for run_id in in_turn]
    assert ended == sorted(ended)


def test_a_queued_run_stops_before_it_begins(engine):
    first, second = engine.submit(LONG), engine.submit(SHORT)
    engine.stop(second)
    assert runs.get(second).status == "stopped"
    engine.stop(first)
    wait(first, "stopped")


def test_a_killed_worker_costs_what_it_had_begun_and_not_what_waits(engine):
    """It is restarted however late: the fixture has Dask give up a worker at once, unless it is told not to."""
    first, second = engine.submit(TRAINING), engine.submit(SHORT)
    wait_for_epochs(first, 3)
    dying = engine.call_reporting("dying", _count_for_ever)
    wait_for_progress(engine, "dying")
    os.kill(engine.call(os.getpid).result(timeout=PATIENCE), signal.SIGKILL)
    with pytest.raises(EngineError, match="died during this work"):
        dying.result(timeout=PATIENCE)
    assert wait(first, "interrupted").error == DIED
    assert wait(second, "finished").outcome.n_test == 50
    engine.resume(first)
    assert wait(first, "finished").outcome.n_test == 50
    assert epochs_of(first) == list(range(1, TRAINING.epochs + 1))


@pytest.mark.parametrize("refusal", [StoreError("The disk of the store is still full"), ConfigError("It is away")])
def test_a_run_whose_end_could_not_be_stored_is_ended_when_the_store_can_be_written(engine, monkeypatch, refusal):
    def full(run_id):
        raise StoreError("The disk of the run store is full")

    attempts = []

    def end(run_id, status, *, error):
        attempts.append(status)
        if len(attempts) < 3:
            raise refusal
        ended(run_id, status, error=error)

    ended = runs.end
    monkeypatch.setattr(tasks, "perform", lambda run_id: full(run_id))
    monkeypatch.setattr(engines, "RECONNECT_AFTER", 0.1)
    monkeypatch.setattr(runs, "end", end)
    assert "disk of the run store is full" in (wait(engine.submit(SHORT), "interrupted").error or "")
    assert attempts == ["interrupted"] * 3


@pytest.mark.parametrize("kind", [NoAnswer, StoreError, EngineError])
def test_a_run_that_was_stored_but_given_to_nobody_is_not_left_queued(engine, monkeypatch, kind):
    stored = runs.get

    def unanswered(run_id):
        monkeypatch.setattr(runs, "get", stored)
        raise kind("It does not answer")

    monkeypatch.setattr(runs, "get", unanswered)
    with pytest.raises(kind):
        engine.submit(SHORT)
    assert "does not answer" in (wait(runs.rows()[0].id, "interrupted").error or "")


def test_a_run_that_was_resumed_meanwhile_is_not_ended(engine):
    run_id = runs.create(SHORT)
    engine._futures[run_id] = object()
    engine._interrupt(run_id, "The run store does not answer")
    assert runs.get(run_id).status == "queued"
    del engine._futures[run_id]
    runs.end(run_id, "stopped")


def test_a_run_whose_resumption_was_not_answered_is_not_left_queued(engine, monkeypatch):
    def unanswered(run_id, *, scheduler):
        resume(run_id, scheduler=scheduler)
        raise NoAnswer("The run store does not answer")

    run_id, resume = runs.create(SHORT), runs.resume
    runs.end(run_id, "interrupted")
    monkeypatch.setattr(runs, "resume", unanswered)
    with pytest.raises(NoAnswer):
        engine.resume(run_id)
    assert "does not answer" in (wait(run_id, "interrupted").error or "")


def test_a_run_that_does_not_listen_is_stopped_by_force_and_the_one_that_waits_goes_on(engine, home):
    first, second = engine.submit(LONG), engine.submit(SHORT)
    wait_until_it_trains(first)
    worker = psutil.Process(engine.call(os.getpid).result())
    with closing(sqlite3.connect(f"{home}/runs/mlflow.db", timeout=PATIENCE)) as store:
        store.execute("BEGIN EXCLUSIVE")  # suspended while it writes, it would lock everybody out
        worker.suspend()  # it cannot look into the store
    engine.stop(first)
    wait(first, "stopped")
    assert wait(second, "finished").outcome.n_test == 50


def test_a_run_is_stopped_by_force_as_soon_as_the_store_answers(engine, monkeypatch):
    run_id, stop_seen, asked = engine.submit(LONG), runs.stop_seen, []
    wait_until_it_trains(run_id)

    def unanswered(run_id):
        asked.append(run_id)
        if len(asked) < 3:
            raise NoAnswer("The run store does not answer")
        return False  # nor when it was asked again

    monkeypatch.setattr(engines, "RECONNECT_AFTER", 0.1)
    monkeypatch.setattr(runs, "stop_seen", unanswered)
    engine._force_stop(run_id, engine._futures[run_id])
    assert (runs.get(run_id).status, len(asked)) == ("stopped", 4)
    monkeypatch.setattr(runs, "stop_seen", stop_seen)


def test_a_run_is_not_stopped_by_force_if_its_worker_has_seen_the_stop_after_a_silence_of_the_store(
    engine, monkeypatch
):
    answers = iter([NoAnswer("The run store does not answer"), False, True])  # the worker's wait was longer

    def stop_seen(run_id):
        answer = next(answers)
        if isinstance(answer, NoAnswer):
            raise answer
        return answer

    run_id, future = runs.create(SHORT), object()
    runs.start(run_id)
    monkeypatch.setitem(engine._futures, run_id, future)
    monkeypatch.setattr(engines, "RECONNECT_AFTER", 0.1)
    monkeypatch.setattr(engines, "GRACE", 0)
    monkeypatch.setattr(runs, "stop_seen", stop_seen)
    engine._force_stop(run_id, future)
    assert (runs.get(run_id).status, list(answers)) == ("running", [])
    runs.end(run_id, "stopped")


def test_a_run_that_another_server_works_on_is_not_ended_by_a_resumption_that_was_not_answered(engine, monkeypatch):
    def unanswered(run_id, *, scheduler):
        raise NoAnswer("The run store does not answer")

    insisted, insist = Event(), engine._insist

    def seen(*arguments):
        insist(*arguments)
        insisted.set()

    run_id = runs.create(SHORT)
    runs.start(run_id)
    monkeypatch.setattr(runs, "resume", unanswered)
    monkeypatch.setattr(engine, "_insist", seen)
    with pytest.raises(NoAnswer):
        engine.resume(run_id)
    assert insisted.wait(PATIENCE)
    assert runs.get(run_id).status == "running"
    runs.end(run_id, "stopped")


def test_a_run_that_was_resumed_after_its_stop_is_not_stopped_by_force(engine):
    run_id = runs.create(SHORT)
    engine._force_stop(run_id, object())  # what it had when Stop was pressed
    assert runs.get(run_id).status == "queued"
    runs.end(run_id, "stopped")


def test_a_worker_warms_up_while_the_run_store_does_not_answer(monkeypatch):
    """Warming up is done by one thread while all others wait."""

    def unanswered():
        raise NoAnswer("The run store does not answer")

    monkeypatch.setattr(hardware, "yield_to_others", bool)
    monkeypatch.setattr(runs, "active", unanswered)
    tasks._warm.__wrapped__()


def test_a_second_server_is_refused_while_the_first_works(engine):
    with pytest.raises(EngineError, match=rf"Another server \(process {os.getpid()} of"):
        Engine.start()
    assert engine.call(sum, [1, 2]).result(timeout=PATIENCE) == 3


def test_a_start_that_fails_leaves_the_home_folder_free_for_the_next_one(forked_workers, tmp_path, monkeypatch):
    monkeypatch.setenv("BACKBONE_LAB_HOME", str(tmp_path))
    with monkeypatch.context() as failing:
        failing.setattr(runs, "mark_interrupted", lambda alive: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            Engine.start()
    Engine.start().close()


def test_a_worker_waits_for_the_run_store_as_mlflow_does_and_its_server_does_not(forked_workers, tmp_path, monkeypatch):
    name = "MLFLOW_HTTP_REQUEST_MAX_RETRIES"
    monkeypatch.setenv("BACKBONE_LAB_HOME", str(tmp_path))
    monkeypatch.setenv(name, "0")  # as `runs.answer_soon` does
    monkeypatch.setattr(runs, "patience", lambda: {name: "7"})
    engine = Engine.start()
    assert engine.call(os.getenv, name).result(PATIENCE) == "7"
    assert os.environ[name] == "0"
    engine.close()


def wait_for_epochs(run_id: str, epochs: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while len(epochs_of(run_id)) < epochs:
        assert time.monotonic() < deadline, runs.get(run_id)
        time.sleep(0.1)


def epochs_of(run_id: str) -> list[int]:
    return sorted(runs.curves(run_id).query("metric == 'validation_accuracy'")["step"])


def test_a_paused_training_gives_way_and_goes_on_where_it_was(engine):
    run_id = engine.submit(TRAINING)
    wait_for_epochs(run_id, 3)
    engine.pause(run_id)
    assert wait(run_id, "paused").outcome is None
    done = len(epochs_of(run_id))
    assert wait(engine.submit(SHORT), "finished").outcome
    engine.resume(run_id)
    run = wait(run_id, "finished")
    assert epochs_of(run_id) == list(range(1, TRAINING.epochs + 1))
    assert done < TRAINING.epochs
    assert run.outcome.stages[0]["epochs"] == TRAINING.epochs


def test_a_stopped_training_keeps_and_tests_the_best_until_then(engine, monkeypatch):
    monkeypatch.setattr(engines, "GRACE", PATIENCE)  # for a busy machine: it would restart the worker
    run_id = engine.submit(LONG_TRAINING)
    wait_for_epochs(run_id, 2)
    engine.stop(run_id)
    run = wait(run_id, "stopped")
    assert run.outcome.chosen["epoch"] <= run.outcome.chosen["last_epoch"] < LONG_TRAINING.epochs
    assert runs.model_path(run_id).is_file()
    assert len(runs.predictions(run_id)) == 50


def test_a_training_whose_checkpoint_was_deleted_says_so(engine):
    run_id = engine.submit(LONG_TRAINING)
    wait_for_epochs(run_id, 2)
    engine.pause(run_id)
    wait(run_id, "paused")
    checkpoints.delete(run_id)
    with pytest.raises(RunError, match=r"The checkpoint of run .* is missing"):
        engine.resume(run_id)
    assert runs.get(run_id).status == "paused"


def test_a_scheduler_that_does_not_answer_is_named(monkeypatch):
    monkeypatch.setenv("BACKBONE_LAB_SCHEDULER", "tcp://127.0.0.1:1")
    with pytest.raises(EngineError, match=r"No scheduler answers at tcp://127\.0\.0\.1:1"):
        Engine.start()


def _count(*, report) -> int:
    for done in (1, 2):
        report(Progress("count", done, 2, "steps"))
    return done


def test_a_call_that_reports_is_followed_by_its_name(engine):
    assert engine.progress("counting") is None
    assert engine.call_reporting("counting", _count).result(timeout=PATIENCE) == 2
    assert engine.progress("counting").total == 2


def _count_for_ever(*, report) -> None:
    for done in itertools.count():
        report(Progress("count", done, 0, "steps"))
        time.sleep(0.01)


def wait_for_progress(engine, name: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while engine.progress(name) is None:
        assert time.monotonic() < deadline


def test_a_cancelled_call_stops_at_its_next_report_and_its_name_can_be_used_again(engine):
    first = engine.call_reporting("for-ever", _count_for_ever)
    wait_for_progress(engine, "for-ever")
    engine.cancel("for-ever")
    with pytest.raises(Stopped):
        first.result(timeout=PATIENCE)
    assert engine.call_reporting("for-ever", _count).result(timeout=PATIENCE) == 2


def test_a_call_is_cancelled_before_it_begins(engine):
    busy = engine.call_reporting("busy", _count_for_ever)
    wait_for_progress(engine, "busy")
    waiting = engine.call_reporting("waiting", _count)
    engine.cancel("waiting")
    engine.cancel("busy")
    for call in (busy, waiting):
        with pytest.raises(Stopped):
            call.result(timeout=PATIENCE)


def _append(path: str, word: str) -> None:
    with Path(path).open("a") as file:
        file.write(f"{word}\n")


def _wait_for(path: str) -> None:
    while not Path(path).exists():
        time.sleep(0.02)


def _end_the_process(diary: str, gate: str) -> None:
    _append(diary, "killer")
    _wait_for(gate)
    os._exit(1)


def _sleep_beside(diary: str) -> None:
    _append(diary, "beside")
    time.sleep(PATIENCE)


def test_a_short_call_that_kills_its_worker_is_begun_once_and_costs_only_what_had_begun(engine, tmp_path):
    diary, gate = tmp_path / "diary", tmp_path / "gate"
    run_id = engine.submit(LONG)
    wait_until_it_trains(run_id)
    killer = engine.call(_end_the_process, str(diary), str(gate))
    beside = [engine.call(_sleep_beside, str(diary)) for _ in range(cluster.THREADS - 2)]
    deadline = time.monotonic() + PATIENCE
    while not diary.exists() or len(diary.read_text().split()) < cluster.THREADS - 1:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    waiting = engine.call(_append, str(diary), "waiting")  # all threads are taken
    queued = engine.submit(SHORT)
    gate.touch()
    for call in (killer, *beside):
        with pytest.raises(EngineError, match="died during this work"):
            call.result(timeout=PATIENCE)
    waiting.result(timeout=PATIENCE)
    assert wait(run_id, "interrupted").error == DIED
    assert wait(queued, "finished").outcome.n_test == 50
    assert sorted(diary.read_text().split()) == ["beside", "beside", "killer", "waiting"]


def test_what_kills_its_worker_while_it_warms_up_is_begun_three_times(engine, tmp_path):
    diary = tmp_path / "diary"
    warm = engine._client.submit(
        tasks.once, _end_the_process, str(diary), str(tmp_path), pure=False, retries=engines.ATTEMPTS - 1
    )
    with pytest.raises(EngineError, match="died during this work"):
        warm.result(timeout=PATIENCE)
    assert diary.read_text().split() == ["killer"] * engines.ATTEMPTS


def test_cancelling_what_was_never_called_does_nothing(engine):
    engine.cancel("nothing")
    assert engine.call_reporting("nothing", _count).result(timeout=PATIENCE) == 2


def test_while_a_run_waits_a_work_of_each_kind_begins_and_a_thread_is_left_for_short_calls(engine):
    run_id, queued = engine.submit(LONG), engine.submit(SHORT)
    wait_until_it_trains(run_id)
    works = {kind: engine.call_reporting(kind, _count_for_ever, resource=kind) for kind in ("long", "files")}
    for kind in works:
        wait_for_progress(engine, kind)
    waiting = [engine.call_reporting(f"{kind} waiting", _count, resource=kind) for kind in works]
    assert engine.call(sum, [1, 2]).result(timeout=PATIENCE) == 3
    assert [engine.progress(f"{kind} waiting") for kind in works] == [None, None]
    assert runs.get(queued).status == "queued"
    for kind, work in works.items():
        engine.cancel(kind)
        with pytest.raises(Stopped):
            work.result(timeout=PATIENCE)
    assert [work.result(timeout=PATIENCE) for work in waiting] == [2, 2]
    engine.stop(run_id)
    wait(run_id, "stopped")
    wait(queued, "finished")


def test_short_calls_are_answered_while_more_runs_wait_than_the_worker_has_threads(engine):
    run_ids = [engine.submit(LONG) for _ in range(2 * cluster.THREADS)]
    wait_until_it_trains(run_ids[0])
    answers = [engine.call(sum, [1, number]) for number in range(3 * cluster.THREADS)]
    assert [each.result(timeout=PATIENCE) for each in answers] == [1 + n for n in range(3 * cluster.THREADS)]
    for run_id in reversed(run_ids):
        engine.stop(run_id)
    wait(run_ids[0], "stopped")


def test_long_work_need_not_report(engine):
    assert engine.call_reporting("sum", sum, [1, 2]).result(timeout=PATIENCE) == 3


def _draw_for_ever(*, report) -> None:
    """Take random numbers as Dask does to estimate sizes."""
    for done in itertools.count():
        random.sample(range(1000), 10)
        report(Progress("draw", done, 0, "steps"))
        time.sleep(0.001)


def _untrained(backbone: str) -> list[np.ndarray]:
    network = backbones.load(backbone, input_size=32, weights="untrained")
    return [np.array(variable) for variable in network.variables]


def test_an_untrained_network_has_the_same_values_every_time_whatever_the_worker_does_beside_it(engine):
    drawing = engine.call_reporting("random numbers", _draw_for_ever)
    wait_for_progress(engine, "random numbers")
    first, *others = [engine.call(_untrained, "MobileNetV2") for _ in range(4)]  # two at a time
    expected = first.result(timeout=PATIENCE)
    assert len(expected) == 260
    for other in others:
        for received, wanted in zip(other.result(timeout=PATIENCE), expected, strict=True):
            np.testing.assert_array_equal(received, wanted)
    engine.cancel("random numbers")
    with pytest.raises(Stopped):
        drawing.result(timeout=PATIENCE)


def test_two_equal_trainings_from_scratch_give_the_same_numbers(engine):
    drawing = engine.call_reporting("random numbers", _draw_for_ever)
    wait_for_progress(engine, "random numbers")
    config = RunConfig(backbone="CustomCNN", input_size=16, n_train=100, n_test=50, method="scratch", epochs=1, seed=4)
    first, second = (wait(run_id, "finished") for run_id in [engine.submit(config) for _ in range(2)])
    engine.cancel("random numbers")
    with pytest.raises(Stopped):
        drawing.result(timeout=PATIENCE)
    pd.testing.assert_frame_equal(runs.predictions(first.id), runs.predictions(second.id))
    losses = [runs.curves(run.id).query("metric == 'loss'")["value"].tolist() for run in (first, second)]
    assert losses[0] == losses[1] and len(losses[0]) == 1


@pytest.mark.parametrize("address", ["unknown://host", "http://127.0.0.1:1", "tls://127.0.0.1:1"])
def test_no_client_is_made_for_a_scheduler_that_does_not_answer(monkeypatch, address):
    """Dask closes it when Python ends, for 10 s and with a traceback."""
    monkeypatch.setenv("BACKBONE_LAB_SCHEDULER", address)
    monkeypatch.setattr("distributed.Client", lambda *_, **__: pytest.fail("it was made"))
    with pytest.raises(EngineError, match=address):
        cluster.check_workers()
