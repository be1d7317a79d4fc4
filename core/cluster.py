"""The scheduler and its workers: those of a cluster, by address, or one worker on this machine."""

import asyncio
import logging
from typing import Any

from core import hardware, runs, settings, workers
from core.errors import EngineError

RESOURCES = {"train": 1, "long": 1, "files": 1}  # of each worker: how many tasks of a kind it runs at once
THREADS = sum(RESOURCES.values()) + 1  # the last one is left for short calls
OPEN = "Whoever reaches the scheduler {address} can run code on its workers: use tls://, see docs/security.md"


def start_local() -> Any:
    """A scheduler and a worker on this machine, which only this process can reach."""
    from distributed import LocalCluster
    from distributed.security import Security

    return LocalCluster(
        n_workers=1,
        threads_per_worker=THREADS,
        resources=RESOURCES,
        dashboard_address="127.0.0.1:0",
        env=runs.patience(),
        scheduler_kwargs={"dashboard": False},
        security=Security.temporary(),  # keys of this process: connections without them are refused
        silence_logs=logging.ERROR,
    )


def connect(address: str) -> Any:
    """A client of the scheduler at an address.

    Raises:
        EngineError: It does not answer, or its certificates are not those of this program.
    """
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


def let_wait(client: Any) -> None:
    """Make work wait in the scheduler for a free worker; set for each task, as the scheduler may have restarted."""
    from core.scheduling import FreeWorkersOnly

    try:
        client.register_plugin(FreeWorkersOnly())
    except OSError as error:
        raise away() from error
    except Exception as error:
        if not workers.cannot_import(error):
            raise
        raise EngineError(
            f"The scheduler {settings.scheduler()} cannot import this program",
            remedy="Start it with this repository on PYTHONPATH, and with the same packages",
        ) from error


def members(client: Any) -> dict[str, dict]:
    """address -> what the scheduler knows of a worker"""
    try:
        return client.scheduler_info()["workers"]
    except OSError as error:
        raise away() from error


def check_workers() -> None:
    """Look at the cluster of the settings or, if there is none, at where the local worker starts; nothing begins.

    Raises:
        EngineError: Its scheduler does not answer, it has no worker, or one that could not do the work.
    """
    if not (address := settings.scheduler()):
        workers.check_start_folder()
    else:
        with connect(address) as client:
            if not (known := members(client)):
                raise no_worker("is connected")
            workers.check(client, list(known))


def configure() -> None:
    """Set Dask up for this program, before anything of it starts."""
    import distributed  # noqa: F401, its defaults come first
    from dask import config

    config.set(
        {
            # Dask blames the death of a worker on all its tasks, even waiting ones; `tasks.once` and `execute.perform`
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


def unfinished(dask_scheduler: Any) -> list[str]:
    """The keys of tasks that wait or run; called in the scheduler."""
    return [
        str(key) for key, task in dask_scheduler.tasks.items() if task.state not in ("erred", "released", "forgotten")
    ]


def no_worker(lacking: str) -> EngineError:
    """The error of a cluster without such a worker, with the command that starts one."""
    address, offered = settings.scheduler(), " ".join(f"{name}={count}" for name, count in RESOURCES.items())
    return EngineError(
        f"No worker of {address} {lacking}",
        remedy=f'Start one: `dask worker {address} --nthreads {THREADS} --resources "{offered}"`',
    )


def away() -> EngineError:
    """The error of a scheduler that is expected back."""
    return EngineError(
        f"The connection to {settings.scheduler()} was lost", remedy="Wait: it is restored when it answers again"
    )
