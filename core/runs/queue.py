"""The queue: the place of a learner's run in it, and how much a learner may ask for."""

from collections.abc import Sequence

from core import limits, people
from core.config import TRAINED, RunConfig
from core.runs import store
from core.runs.outcome import Run
from core.runs.records import TAG


def place(config: RunConfig, person: str, own: str) -> dict[str, str]:
    """Tags that give a learner's run its place in the queue; none for the lecturer's.

    Args:
        own: Id of the run or entry, which does not count as another one.

    Raises:
        AccessError: It takes too much, or is one too many for now.
    """
    if person == people.LECTURER:
        return {}
    waiting = store.active()
    _check_limits(config, len({run.entry or run.id for run in waiting if run.person == person} - {own}))
    return {TAG + "person": person, TAG + "turn": str(_turn(person, waiting))}


def _turn(person: str, waiting: Sequence[Run]) -> int:
    """The turn of a learner's next run: the one of now, but after their own.

    So nobody waits for more than one run of each other, however many these have queued. A lecturer's turn is 0.
    """
    now = min((run.turn for run in waiting if run.person != people.LECTURER), default=1)
    return max(now, *(run.turn + 1 for run in waiting if run.person == person), 1)


def _check_limits(config: RunConfig, waiting: int) -> None:
    """Refuse a learner's run that takes too much, or is one too many. Raises AccessError."""
    runs = f"{waiting} of your runs {'is' if waiting == 1 else 'are'} waiting or running"
    limits.check("runs", waiting + 1, runs, "Wait until one has ended, or stop one")
    if config.method in TRAINED:
        epochs = config.epochs + (config.head_epochs if config.method == "finetune" and not config.start else 0)
        limits.check("epochs", epochs, f"The run has {epochs} epochs", "Choose fewer")
    limits.check("input_size", config.input_size, f"The input size is {config.input_size} px", "Choose a smaller one")
