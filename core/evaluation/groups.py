"""Runs that may stand side by side: those that were tested on the same images of the same dataset."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from core.runs import RunRow


@dataclass(frozen=True)
class Group:
    """Runs on one dataset and the same test images, and those without a result that would be tested on them."""

    dataset: str
    n_test: int  # test images, which are the same for runs that have as many; 0 if no run here has a result
    runs: tuple[RunRow, ...]  # in the given order

    @property
    def key(self) -> str:
        """The group in an address."""
        return f"{self.dataset}:{self.n_test}"

    @property
    def tested(self) -> int:
        """How many of its runs have a result."""
        return sum(run.has_result for run in self.runs)


def by_test_images(runs: Sequence[RunRow]) -> tuple[Group, ...]:
    """Groups of runs whose accuracies may be compared, the one with the most results first, of equals the newest."""
    members: defaultdict[tuple[str, int], list[RunRow]] = defaultdict(list)
    tested_on: dict[tuple[str, int], int] = {}  # dataset and requested test images -> images tested on
    for run in runs:
        if run.has_result:
            tested_on[run.config.dataset, run.config.n_test] = int(run.n_test)
    for run in runs:
        config = run.config
        tested = int(run.n_test) if run.has_result else tested_on.get((config.dataset, config.n_test), config.n_test)
        members[config.dataset, tested].append(run)
    groups = [Group(dataset, n_test, tuple(group)) for (dataset, n_test), group in members.items()]
    return tuple(sorted(groups, key=lambda group: (group.tested, max(run.created for run in group.runs)), reverse=True))
