"""Which worker gets a task that needs a resource: the first that has it free.

Dask assigns a task at once, to the worker that it expects to finish first. There the task waits for its resource, even
if that of another worker is free, and blocks those behind it. With this plugin it waits in the scheduler.
"""

from time import time
from typing import Any

from distributed import SchedulerPlugin


class FreeWorkersOnly(SchedulerPlugin):
    """Treat workers whose resource is held as unable to run the task, until it is free.

    What waits is in Dask's state `no-worker`, and begins by priority, then in the order of submission.
    """

    name = "backbone-lab-free-workers-only"
    idempotent = True  # several dashboards may share a scheduler

    async def start(self, scheduler: Any) -> None:
        self._scheduler, self._able = scheduler, scheduler.valid_workers
        scheduler.valid_workers = self._free  # Dask has no hook for it

    def transition(self, key: Any, start: str, finish: str, *args: Any, **kwargs: Any) -> None:
        if start == "processing" and self._scheduler.tasks[key].resource_restrictions:
            self._scheduler.loop.add_callback(self._begin)  # once Dask has noted the end

    def _free(self, task: Any) -> set | None:
        able = self._able(task)
        return {worker for worker in able if _has_free(worker, task)} if able and task.resource_restrictions else able

    def _begin(self) -> None:
        waiting = sorted(self._scheduler.unrunnable, key=lambda task: task.priority)
        begun = {task.key: "processing" for task in reversed(waiting)}  # Dask takes them from the end
        self._scheduler.transitions(begun, stimulus_id=f"resource-freed-{time()}")


def _has_free(worker: Any, task: Any) -> bool:
    """Not by `used_resources` of the worker, which Dask does not keep right when it moves work between workers."""
    begun = [other.resource_restrictions or {} for other in worker.processing if other is not task]
    return all(
        worker.resources.get(name, 0) - sum(held.get(name, 0) for held in begun) >= amount
        for name, amount in task.resource_restrictions.items()
    )
