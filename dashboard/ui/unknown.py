"""Unknown values in an address: removed from it, and reported above the page."""

from core import backbones, settings
from core.curriculum import lessons
from core.errors import LabError, StoreError
from dashboard import server
from dashboard.state import address, visitor


def check() -> None:
    """Replace choices shared by all pages that are unknown by their defaults; widgets check their own."""
    chosen, usual = visitor.get(), visitor.State()
    if not _is_dataset(chosen.dataset):
        _replace("dataset", "Dataset", chosen.dataset, usual.dataset)
    if unknown := [name for name in chosen.backbones if name and not _is_backbone(name)]:
        known = tuple(name for name in chosen.backbones if name not in unknown)
        _replace("backbones", "Backbone", ", ".join(unknown), known or usual.backbones)
    if chosen.lesson and chosen.lesson not in lessons.LESSONS:
        _replace("lesson", "Lesson", chosen.lesson, "", f"is not one of {', '.join(lessons.LESSONS)}")
        visitor.update(step="")
    elif chosen.step and address.whole(chosen.step) is None:
        _replace("step", "Step", chosen.step, "1")
    if chosen.run and not _is_run(chosen.run):
        why = "is not among your runs: it was deleted, it is not shown to you, or the link is from another home folder"
        if settings.mode() == "alone":
            why = "is not in this home folder: it was deleted, or the link is from another one"
        _replace("run", "Run", chosen.run, "", why)


def _replace(name: str, label: str, value: str, by: str | tuple[str, ...], why: str = "is unknown here") -> None:
    visitor.update(**{name: by})
    address.note(name, label, value, why)


def _is_backbone(name: str) -> bool:
    try:
        backbones.get(name)
    except LabError:
        return False
    return True


def _is_dataset(name: str) -> bool:
    """Looks again for a name that is not in the list, which is kept for a moment: a terminal may just have added it."""
    if name in _datasets():
        return True
    server.datasets.refresh()
    return name in _datasets()


def _datasets() -> set[str]:
    return {summary.name for summary in server.datasets.available()}


def _is_run(run_id: str) -> bool:
    """Looks again for a run that is not in the list, as for a dataset; any may be one until the store is open."""
    try:
        if not server.engine.store_open() or server.runs.find(run_id):
            return True
        server.runs.refresh()
        return server.runs.find(run_id) is not None
    except StoreError:
        return True
