"""Where work runs: Dask workers, a local one by default, a cluster by address.

    dashboard --Client--> scheduler --> worker: one process per device, four threads;
                                        one run takes the resource `train`,
                                        one long call `long`, one import or download `files`,
                                        and the fourth thread answers short calls meanwhile

Only workers import TensorFlow. The dashboard reads the state of a run from the store; the engine queues and stops
runs, and records the end of those whose worker died.
"""

import logging
import threading
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any, TypeVar
from weakref import WeakValueDictionary

from core import cluster, execute, runs, server_lock, settings, tasks, workers
from core.config import RunConfig
from core.errors import ConfigError, EngineError, LabError, RunError, StoreError
from core.progress import Progress

ATTEMPTS = 3  # to warm up for maps
LOST = "The scheduler was lost, or has restarted, and the run with it. Resume it: finished work is kept."
ANSWERED_WITHIN = 5  # seconds, by a scheduler that has been told
RECONNECT_AFTER = 2  # seconds between two attempts
RECONNECT_WITHIN = 60  # seconds; after that a run is given up with its scheduler
GRACE = 1.2  # seconds for a run to obey a stop before its worker is restarted
LONGEST_WAIT = 120  # seconds that MLflow waits at most until it repeats a request

T = TypeVar("T")

logger = logging.getLogger(__name__)


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
        cluster.configure()
        address = settings.scheduler()
        if address:
            runs.active()  # raises if the store cannot be used, before there is a connection to close
            if settings.scheduler_is_open():
                logger.warning("%s", cluster.OPEN.format(address=address))
            engine = cls(cluster.connect(address), None)
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
        from distributed import Client

        lock = server_lock.take(place)
        try:
            with ThreadPoolExecutor(1) as background:
                background.submit(runs.active)  # opens the store, which takes as long as a worker needs to come
                local = cluster.start_local()
                return cls(Client(local, set_as_default=False), local, lock)
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
        return self._client.submit(tasks.once, partial(function, *args, **kwargs), pure=False)

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
        work = (tasks.once, tasks.reporting, name, call, function, *args)
        future = self._client.submit(*work, pure=False, resources={resource: 1})
        self._reporting[future.key] = future
        return future

    def places(self, resource: str) -> int:
        """How many tasks that need this resource the workers can run at once."""
        if self._cluster:
            return cluster.RESOURCES[resource]
        return int(sum(worker["resources"].get(resource, 0) for worker in cluster.members(self._client).values()))

    def why_unavailable(self, resource: str = "") -> EngineError | None:
        """Why no worker does such work at present; None if one does. The local worker is never away for long."""
        if self._cluster:
            return None
        try:
            if self.places(resource) if resource else cluster.members(self._client):
                return None
            return cluster.no_worker(
                f"has the resource `{resource}`" if cluster.members(self._client) else "is connected"
            )
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
                raise cluster.away()
            at, error = self._refused
            if time.monotonic() < at + RECONNECT_AFTER:
                raise error
            try:
                self._connection = cluster.connect(settings.scheduler() or "")
            except EngineError as error:
                self._refused = time.monotonic(), error
                raise
            self._calls.clear()  # the scheduler may be another one, which knows nothing of them
        self._watch()
        self._warm = self._warm_up()
        return self._connection

    def _warm_up(self):
        """Warm a worker up. The future is kept: otherwise Dask would drop the task, or skip it for a new worker."""
        return self._connection.submit(tasks.once, tasks.warm_maps, pure=False, retries=ATTEMPTS - 1)

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
        how = {"key": key, "pure": False, "resources": {"train": 1}, "priority": priority}
        future = self._client.submit(tasks.perform, run_id, **how)
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
            cluster.let_wait(self._client)
        if self._cluster:
            return
        if error := self.why_unavailable(resource):
            raise error
        if new := [address for address in cluster.members(self._client) if address not in self._checked]:
            workers.check(self._client, new)
            self._checked.update(new)

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
        return any(key.startswith(run_id) for key in self._client.run_on_scheduler(cluster.unfinished))
