"""Where work runs: Dask workers, a local one by default, a cluster by address.

    dashboard --Client--> scheduler --> worker: one process per device, four threads;
                                        one run takes the resource `train`,
                                        one long call `long`, one import or download `files`,
                                        and the fourth thread answers short calls meanwhile

Only workers import TensorFlow. The dashboard reads the state of a run from the store; the engine queues and stops
runs, and records the end of those whose worker died.
"""

import asyncio
import inspect
import logging
import threading
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import asdict
from functools import cache, partial
from typing import Any, TypeVar
from weakref import WeakValueDictionary

from core import execute, hardware, runs, server_lock, settings, workers
from core.config import RunConfig
from core.errors import ConfigError, EngineError, LabError, RunError, Stopped, StoreError
from core.features import shares
from core.maps import umap_layout
from core.progress import Progress

RESOURCES = {"train": 1, "long": 1, "files": 1}  # of each worker: how many tasks of a kind it runs at once
THREADS = sum(RESOURCES.values()) + 1  # the last one is left for short calls
REPORT_EVERY = 0.3  # seconds between two reports of a call
WARM_MAPS_AFTER = 5  # seconds, so that a run started on opening the dashboard goes first
ATTEMPTS = 3  # to warm up for maps
AFTER_RUNS = -1_000_000  # the priority of shares: below that of any run
OPEN = "Whoever reaches the scheduler {address} can run code on its workers: use tls://, see docs/security.md"
LOST = "The scheduler was lost, or has restarted, and the run with it. Resume it: finished work is kept."
ANSWERED_WITHIN = 5  # seconds, by a scheduler that has been told
RECONNECT_AFTER = 2  # seconds between two attempts
RECONNECT_WITHIN = 60  # seconds; after that a run is given up with its scheduler
GRACE = 1.2  # seconds for a run to obey a stop before its worker is restarted
LONGEST_WAIT = 120  # seconds that MLflow waits at most until it repeats a request

T = TypeVar("T")

logger = logging.getLogger(__name__)
_warming = threading.Lock()


class Engine:
    """A connection to the workers; one per server process. Use `start`."""

    def __init__(self, client, cluster, lock=None):
        self._connection, self._cluster, self._lock = client, cluster, lock
        self._reconnecting, self._refused = threading.Lock(), (-RECONNECT_AFTER, EngineError(""))
        self._futures = {}
        self._checked = set()  # addresses of workers
        self._calls = {}  # name -> the unique name of the last call, to cancel it
        self._reporting = WeakValueDictionary()  # key -> the future of a `call_reporting`
        self._watch()
        self._warm = self._warm_up()

    @classmethod
    def start(cls, place: str = "") -> "Engine":
        """Connect to the scheduler of the settings, or start a local one; end runs interrupted by an earlier crash.

        Args:
            place: Where this server is found, for others that want the same home folder: "port 8501".

        Raises:
            EngineError: The scheduler named by `BACKBONE_LAB_SCHEDULER` does not answer; or there is none, and another
                server works on the home folder, or a file of the start folder hides a module of Python.
            StoreError: The run store cannot be used.
        """
        _configure_dask()
        address = settings.scheduler()
        if address:
            runs.active()  # raises if the store cannot be used, before there is a connection to close
            if settings.scheduler_is_open():
                logger.warning("%s", OPEN.format(address=address))
            engine = cls(_connect(address), None)
        else:
            workers.check_start_folder()  # Dask would start a worker again and again
            engine = cls._alone(place)
        try:
            runs.mark_interrupted(engine._alive)  # raises if the store could not be opened
        except BaseException:
            engine.close()  # it is going to be started again
            raise
        return engine

    @classmethod
    def _alone(cls, place: str) -> "Engine":
        """With a scheduler and a worker on this machine."""
        from distributed import Client, LocalCluster
        from distributed.security import Security

        lock = server_lock.take(place)
        try:
            with ThreadPoolExecutor(1) as background:
                background.submit(runs.active)  # opens the store, which takes as long as a worker needs to come
                cluster = LocalCluster(
                    n_workers=1,
                    threads_per_worker=THREADS,
                    resources=RESOURCES,
                    dashboard_address="127.0.0.1:0",
                    env=runs.patience(),
                    scheduler_kwargs={"dashboard": False},
                    security=Security.temporary(),  # keys of this process: connections without them are refused
                    silence_logs=logging.ERROR,
                )
                return cls(Client(cluster, set_as_default=False), cluster, lock)
        except BaseException:
            server_lock.release(lock)
            raise

    def submit(self, config: RunConfig, *, entry: str = "", varied: Sequence[str] = ("seed",)) -> str:
        """Queue a run, one of an entry (see `runs.create`) or a run of its own; returns its id immediately.

        Raises:
            EngineError: No worker of the cluster does runs.
        """
        self._demand("train")
        run_id = runs.create(config, scheduler=settings.scheduler(), entry=entry, varied=varied)
        with self._in_doubt(run_id):
            self._queue(run_id)
        return run_id

    def resume(self, run_id: str) -> None:
        """Queue a stopped, paused or interrupted run again; it continues from its last checkpoint.

        Raises:
            RunError: It cannot be resumed, or its checkpoint is missing or damaged.
            EngineError: No worker of the cluster does runs.
        """
        self._demand("train")
        execute.check_resumable(run_id)
        with self._in_doubt(run_id):
            runs.resume(run_id, scheduler=settings.scheduler())
            self._queue(run_id)

    def pause(self, run_id: str) -> None:
        """Pause a run: it keeps its checkpoint and frees the worker; `resume` continues it."""
        self._end_early(run_id, "paused")

    def stop(self, run_id: str) -> None:
        """Stop a queued or running run within 2 s; does nothing if it has ended."""
        self._end_early(run_id, "stopped")

    def call(self, function: Callable, *args, **kwargs):
        """Do short work in a free thread of a worker, even during training; returns a future.

        Raises:
            EngineError: The cluster has no worker.
        """
        self._demand()
        return self._client.submit(_once, partial(function, *args, **kwargs), pure=False)

    def call_reporting(self, name: str, function: Callable, *args, resource: str = "long"):
        """Do long work, one at a time for each worker with this resource; returns a future.

        If the function takes a `report`, `progress(name)` is its last report, and `cancel(name)` stops it.

        Raises:
            EngineError: No worker of the cluster has the resource.
        """
        from distributed import Variable

        self._demand(resource)
        Variable(name, client=self._client).set(None)  # drop the progress of an earlier call of this name
        call = self._calls[name] = f"{name}-{time.time_ns()}"
        work = (_once, _reporting, name, call, function, *args)
        future = self._client.submit(*work, pure=False, resources={resource: 1})
        self._reporting[future.key] = future
        return future

    def places(self, resource: str) -> int:
        """How many tasks that need this resource the workers can run at once."""
        if self._cluster:
            return RESOURCES[resource]
        return int(sum(worker["resources"].get(resource, 0) for worker in self._workers().values()))

    def why_unavailable(self, resource: str = "") -> EngineError | None:
        """Why no worker does such work at present; None if one does. The local worker is never away for long."""
        if self._cluster:
            return None
        try:
            if self.places(resource) if resource else self._workers():
                return None
            return _no_worker(f"has the resource `{resource}`" if self._workers() else "is connected")
        except EngineError as error:
            return error

    def progress(self, name: str) -> Progress | None:
        """The last progress of a `call_reporting`; None before the first."""
        from distributed import Variable

        if name not in self._calls:
            return None
        try:
            values: Any = Variable(name, client=self._client).get(timeout=ANSWERED_WITHIN)
        except (EngineError, OSError, TimeoutError):  # the scheduler is away, or a new one
            return None
        return Progress(**values) if values else None

    def cancel(self, name: str) -> None:
        """Make the last `call_reporting` of this name raise `Stopped`, at its next report or before it begins."""
        from distributed import Event

        if call := self._calls.get(name):
            with suppress(EngineError, OSError):  # lost with its scheduler
                Event(call, client=self._client).set()

    def close(self) -> None:
        """End the local workers, whose runs the next start finds; leave a cluster running, with its runs."""
        self._futures.clear()
        self._connection.close()
        if self._cluster:
            self._cluster.close()
        server_lock.release(self._lock)

    @property
    def _client(self) -> Any:
        """The connection to the scheduler; a new one if the scheduler of a cluster was away for long.

        Raises:
            EngineError: It does not answer.
        """
        with self._reconnecting:
            if self._cluster or self._connection.status == "running":
                return self._connection
            if self._connection.status != "closed":  # Dask tries for some seconds, and then closes it
                raise _away()
            at, error = self._refused
            if time.monotonic() < at + RECONNECT_AFTER:
                raise error
            try:
                self._connection = _connect(settings.scheduler() or "")
            except EngineError as error:
                self._refused = time.monotonic(), error
                raise
            self._calls.clear()  # the scheduler may be another one, which knows nothing of them
        self._watch()
        self._warm = self._warm_up()
        return self._connection

    def _warm_up(self):
        """Warm a worker up. The future is kept: otherwise Dask would drop the task, or skip it for a new worker."""
        return self._connection.submit(_once, _warm_maps, pure=False, retries=ATTEMPTS - 1)

    def _watch(self) -> None:
        """Notice workers that leave a cluster; the local one is soon back and ends itself what it had begun."""
        if not self._cluster:
            self._connection.subscribe_topic("all", self._notice)

    def _notice(self, event: tuple[float, dict]) -> None:
        """Called in the thread of the connection, which must not wait for an answer of the scheduler."""
        if event[1].get("action") == "remove-worker":
            keys = event[1]["processing-tasks"]
            threading.Thread(target=self._end_begun, args=[keys], daemon=True).start()

    def _end_begun(self, keys: Collection[str]) -> None:
        """End the work that a lost worker had begun. Dask would begin it again, but only when another one is free."""
        from distributed import Event

        for key in keys:
            run_id = key.rpartition("-")[0]
            run, call = self._futures.get(run_id), self._reporting.get(key)
            with suppress(LabError, OSError):  # deleted, or lost with its scheduler
                if run and run.key == key and runs.get(run_id).status == "running":
                    self._futures.pop(run_id, None)
                    run.cancel(force=True)  # first, so that it is not begun again
                    self._interrupt_soon(run_id, execute.DIED)
                elif call and (begun := Event(f"{key}-begun", client=self._client)).is_set():
                    call.cancel()
                    begun.clear()

    @contextmanager
    def _in_doubt(self, run_id: str) -> Iterator[None]:
        """End a run that may be queued in the store although it was given to nobody; another server may work on it."""
        try:
            yield
        except (StoreError, EngineError) as error:
            end = partial(runs.end_unbegun, run_id, error=str(error))
            threading.Thread(target=self._insist, args=[run_id, None, end], daemon=True).start()
            raise

    def _queue(self, run_id: str) -> None:
        from distributed import fire_and_forget

        key = f"{run_id}-{time.time_ns()}"  # a resumed run is another task
        priority = -runs.get(run_id).turn
        future = self._client.submit(_perform, run_id, key=key, pure=False, resources={"train": 1}, priority=priority)
        self._futures[run_id] = future
        future.add_done_callback(partial(self._settle, run_id))
        if not self._cluster:  # a cluster continues when this dashboard ends
            fire_and_forget(future)

    def _end_early(self, run_id: str, status: str) -> None:
        run = runs.get(run_id)
        if run.status in runs.ENDED:
            return
        runs.request_stop(run_id, pause=status == "paused")
        future = self._futures.get(run_id)
        if future is None:
            return  # another process works on it and sees the request in the store
        if run.status == "queued":
            runs.end(run_id, status)  # if it begins at this moment, it sees the request and ends itself
            self._futures.pop(run_id, None)  # so that nobody takes it for lost
            future.cancel(force=True)  # on a cluster it is wanted there too
        elif self._cluster and status == "stopped":
            timer = threading.Timer(GRACE, self._force_stop, [run_id, future])
            timer.daemon = True  # a server that ends takes its worker along: nobody waits for this one
            timer.start()

    def _demand(self, resource: str = "") -> None:
        """Refuse what would wait for ever on a cluster, or go wrong there; the local worker comes back by itself."""
        if resource:
            self._let_wait()
        if self._cluster:
            return
        if error := self.why_unavailable(resource):
            raise error
        if new := [address for address in self._workers() if address not in self._checked]:
            workers.check(self._client, new)
            self._checked.update(new)

    def _let_wait(self) -> None:
        """Make work wait in the scheduler for a free worker; set for each task, as the scheduler may have restarted."""
        from core.scheduling import FreeWorkersOnly

        try:
            self._client.register_plugin(FreeWorkersOnly())
        except OSError as error:
            raise _away() from error
        except Exception as error:
            if not workers.cannot_import(error):
                raise
            raise EngineError(
                f"The scheduler {settings.scheduler()} cannot import this program",
                remedy="Start it with this repository on PYTHONPATH, and with the same packages",
            ) from error

    def _workers(self) -> dict[str, dict]:
        """address -> what the scheduler knows of a worker"""
        try:
            return self._client.scheduler_info()["workers"]
        except OSError as error:
            raise _away() from error

    def _settle(self, run_id: str, future) -> None:
        """End a run whose task ended without recording it; called in a thread of the client."""
        if self._futures.get(run_id) is future:
            del self._futures[run_id]
        else:  # it has been resumed since
            return
        if future.status == "error":  # it did not begin, or its end could not be stored
            self._interrupt_soon(run_id, str(future.exception()))
        elif future.status in ("cancelled", "lost"):  # with the connection: who stops a run ends it first
            threading.Thread(target=self._look_for, args=[run_id], daemon=True).start()

    def _interrupt_soon(self, run_id: str, error: str) -> None:
        threading.Thread(target=self._interrupt, args=[run_id, error], daemon=True).start()

    def _interrupt(self, run_id: str, error: str) -> None:
        """End a run as interrupted, unless it has been resumed since."""
        self._insist(run_id, None, partial(runs.end, run_id, "interrupted", error=error))

    def _insist(self, run_id: str, future: Any, act: Callable[[], T]) -> T | None:
        """Act on a run as soon as the store can be used: its disk may be full or away, or its server silent.

        Args:
            future: Of the run; if it has another one by then, or was deleted, nothing is done: None.
        """
        while self._futures.get(run_id) is future:
            try:
                return act()
            except (StoreError, ConfigError):
                time.sleep(RECONNECT_AFTER)
            except RunError:
                return None
        return None

    def _look_for(self, run_id: str) -> None:
        """End a run if the scheduler no longer has it, or does not come back; otherwise its worker records its end."""
        deadline = time.monotonic() + RECONNECT_WITHIN
        while time.monotonic() < deadline and not self._cluster:
            try:
                if self._has(run_id):
                    return
                break
            except (EngineError, OSError):
                time.sleep(RECONNECT_AFTER)
        self._interrupt(run_id, LOST)

    def _force_stop(self, run_id: str, future: Any) -> None:
        """Restart the worker of a run that is in a step without reports, such as building a large network.

        After a silence of the store the worker first has time to repeat its request, as MLflow doubles its waits.
        """

        def is_deaf() -> bool:
            return runs.get(run_id).status not in runs.ENDED and not runs.stop_seen(run_id)

        def end() -> bool:
            if deaf := is_deaf():
                runs.end(run_id, "stopped")  # first, so that the new worker does not run it again
            return deaf

        began = time.monotonic()
        deaf, silence = self._insist(run_id, future, is_deaf), time.monotonic() - began
        if deaf and silence > RECONNECT_AFTER:
            time.sleep(min(2 * silence, LONGEST_WAIT) + GRACE)
        if not deaf or not self._insist(run_id, future, end):
            return
        working = self._client.processing().items()
        holding = [worker for worker, keys in working if any(key.startswith(run_id) for key in keys)]
        self._client.restart_workers(holding, raise_for_error=False)

    def _alive(self, run_id: str, owner: dict) -> bool:
        """Whether a run is still being worked on; on a cluster, as long as the scheduler has its task."""
        if not owner.get("scheduler"):
            return runs.process_alive(run_id, owner)
        if owner["scheduler"] != settings.scheduler():
            return True  # it belongs to another cluster
        return self._has(run_id)

    def _has(self, run_id: str) -> bool:
        return any(key.startswith(run_id) for key in self._client.run_on_scheduler(_unfinished))


def check_workers() -> None:
    """Look at the cluster of the settings or, if there is none, at where the local worker starts; nothing begins.

    Raises:
        EngineError: Its scheduler does not answer, it has no worker, or one that could not do the work.
    """
    if not (address := settings.scheduler()):
        workers.check_start_folder()
    else:
        with _connect(address) as client:
            if not (known := client.scheduler_info()["workers"]):
                raise _no_worker("is connected")
            workers.check(client, list(known))


def _no_worker(lacking: str) -> EngineError:
    address, offered = settings.scheduler(), " ".join(f"{name}={count}" for name, count in RESOURCES.items())
    return EngineError(
        f"No worker of {address} {lacking}",
        remedy=f'Start one: `dask worker {address} --nthreads {THREADS} --resources "{offered}"`',
    )


def _away() -> EngineError:
    return EngineError(
        f"The connection to {settings.scheduler()} was lost", remedy="Wait: it is restored when it answers again"
    )


def _configure_dask() -> None:
    import distributed  # noqa: F401, its defaults come first
    from dask import config

    config.set(
        {
            # Dask blames the death of a worker on all its tasks, even waiting ones; `_once` and `execute.perform`
            # know better.
            "distributed.scheduler.allowed-failures": 100,
            # Dask gives up a worker that is gone this long after a death, be it slow to return or dead again.
            "distributed.deploy.lost-worker-timeout": "365 days",
            "distributed.scheduler.http.routes": [],  # no status pages: any user of this machine could read them
            "distributed.worker.http.routes": [],
            "distributed.worker.memory.target": False,  # features are already in files: nothing to spill
            "distributed.worker.memory.spill": False,
            "distributed.worker.memory.pause": False,
            "distributed.admin.tick.interval": "500 ms",  # measures delays; 20 ms took half of an idle server
            "distributed.worker.profile.enabled": False,  # can hang Python before 3.12: python/cpython#106883
        }
        | {f"distributed.nanny.pre-spawn-environ.{name}": value for name, value in hardware.huge_pages().items()}
    )


def _connect(address: str):
    from distributed import Client
    from distributed.comm.core import FatalCommClosedError

    try:
        asyncio.run(_reach(address))  # a client that fails to connect is closed when Python ends: 10 s, and a traceback
        return Client(address, timeout="5s", set_as_default=False)
    except (FatalCommClosedError, TypeError) as error:  # Dask raises a TypeError where it has no certificates
        raise EngineError(
            f"The certificates of {address} and of this program do not match",
            "those that Dask's settings `distributed.comm.tls` name",
            "Check them, see docs/security.md",
        ) from error
    except (OSError, TimeoutError, ValueError) as error:
        raise EngineError(
            f"No scheduler answers at {address}",
            "a Dask scheduler such as tcp://host:8786",
            "Start `dask scheduler` there, or unset BACKBONE_LAB_SCHEDULER to work on this machine",
        ) from error


async def _reach(address: str) -> None:
    """Connect to a scheduler once. Raises whatever Dask raises."""
    from distributed.comm.core import connect
    from distributed.security import Security

    await (await connect(address, timeout="5s", **Security().get_connection_args("client"))).close()


def _unfinished(dask_scheduler) -> list[str]:
    return [
        str(key) for key, task in dask_scheduler.tasks.items() if task.state not in ("erred", "released", "forgotten")
    ]


def _perform(run_id: str) -> str:
    """`execute.perform` in a warm worker; until it begins, the run is only queued."""
    _once(bool)
    with shares.given_to(_others()):
        return execute.perform(run_id)


def _others() -> shares.Submit | None:
    """A function that gives work to the workers that no run needs; None if there is no other worker."""
    from distributed import get_client, get_worker

    client: Any = get_client()
    others = sorted(client.nthreads().keys() - {get_worker().address})
    if not others:
        return None
    return partial(client.submit, _once, pure=False, workers=others, resources={"train": 1}, priority=AFTER_RUNS)


def _once(function: Callable, *args):
    """Do work in a warm worker, unless one died while doing it: what killed one would kill the next.

    Dask hands out again what a worker had when it died, begun or not. What has begun is therefore marked in the
    scheduler, which outlives workers. (A run is marked by its status in the store, see `execute.perform`.)
    """
    from distributed import Event, get_client, get_worker

    begun = Event(f"{get_worker().get_current_task()}-begun", client=get_client())
    if begun.is_set():
        begun.clear()
        raise EngineError(
            "The worker was restarted or died during this work (out of memory?)",
            remedy="Try again, with fewer images if it happens again",
        )
    begun.set()
    try:
        with _warming:  # Keras must not be imported by two threads at once
            _warm()
        return function(*args)
    finally:
        begun.clear()


def _reporting(name: str, call: str, function: Callable, *args):
    from distributed import Event, Variable, get_client

    variable, cancelled = Variable(name, client=get_client()), Event(call, client=get_client())
    reported = 0.0

    def report(progress: Progress) -> None:
        nonlocal reported
        if time.monotonic() - reported > REPORT_EVERY:
            if cancelled.is_set():
                raise Stopped()
            variable.set(asdict(progress))
            reported = time.monotonic()

    if cancelled.is_set():  # while it was waiting
        raise Stopped()
    takes_report = "report" in inspect.signature(function).parameters
    try:
        with shares.given_to(_others()):
            return function(*args, **({"report": report} if takes_report else {}))
    finally:
        cancelled.clear()


@cache
def _warm() -> None:
    """Import what every run needs before the first one, in a process that gives pages priority."""
    if not settings.scheduler():  # that of a cluster may be a process with other duties
        hardware.yield_to_others()
    import keras  # noqa: F401
    import mlflow.tracking  # noqa: F401
    import scipy.linalg
    import scipy.optimize  # noqa: F401


def _warm_maps() -> bool:
    """Import and compile what maps need (seconds) while no run is active, in a thread outside the pool."""
    from distributed import secede

    secede()
    runs.active()  # opens the store for the first run; a silent one lets nobody else wait
    time.sleep(WARM_MAPS_AFTER)
    while runs.active():
        time.sleep(1)
    umap_layout.warm()
    return True
