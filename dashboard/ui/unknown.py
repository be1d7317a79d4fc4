"""What an address names and is not here: taken out of the address, and said above the page."""

from core import backbones
from core.curriculum import lessons
from core.errors import LabError, StoreError
from dashboard import server
from dashboard.state import address, visitor


def check() -> None:
    """Replace choices shared by all pages that are unknown by their defaults; widgets check their own."""
    chosen, usual = visitor.get(), visitor.State()
    if chosen.dataset not in {summary.name for summary in server.datasets.available()}:
        _replace("dataset", "Dataset", chosen.dataset, usual.dataset)
    if unknown := [name for name in chosen.backbones if name and not _is_backbone(name)]:
        known = tuple(name for name in chosen.backbones if name not in unknown)
        _replace("backbones", "Backbone", ", ".join(unknown), known or usual.backbones)
    if chosen.lesson and chosen.lesson not in lessons.LESSONS:
        _replace("lesson", "Lesson", chosen.lesson, "", f"is none of {', '.join(lessons.LESSONS)}")
        visitor.update(step="")
    elif chosen.step and not chosen.step.isdecimal():
        _replace("step", "Step", chosen.step, "1")
    if chosen.run and chosen.run not in _runs(chosen.run):
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


def _runs(default: str) -> set[str]:
    """Ids of all runs; the default alone until the store is open."""
    try:
        return {run.id for run in server.runs.rows()} if server.engine.store_open() else {default}
    except StoreError:
        return {default}
