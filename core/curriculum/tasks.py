"""The tasks of lessons: whether a learner's runs and maps have done them, what is left, and how to prepare them."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from core import execute, maps, people, runs
from core.config import ZERO_SHOT, RunConfig
from core.curriculum import lessons
from core.curriculum.lessons import Lesson, Step
from core.errors import LabError
from core.explain import shortcut
from core.progress import Report, silent
from core.runs import RunRow

# What a learner's run must share with the one a step asks for; seeds and epochs are free.
CHECKED = ("dataset", "backbone", "method", "input_size", "preprocessing", "n_train")
OF_METHOD = {"finetune": ("unfreeze", "unfreeze_count"), "knn": ("neighbours",)}  # besides, for some methods


def link(lesson: Lesson, step: Step, rows: Sequence[RunRow] = ()) -> dict[str, str]:
    """The URL parameters of a step's page, for a learner who has these runs."""
    if not step.starts:
        shown = done(lesson.runs[step.opens], rows) if step.opens else None
        return dict(step.choices) | ({"run": shown.id} if shown else {})
    config = _with_teacher(lesson, lesson.runs[step.starts], rows)
    names = [
        *_checked(config),
        *(("epochs", "teacher", "temperature", "teacher_weight") if config.trains else ()),
        "n_test",
    ]
    params = {name: str(getattr(config, name)) for name in names}
    return {"backbones": params.pop("backbone")} | params


def done(config: RunConfig, rows: Sequence[RunRow]) -> RunRow | None:
    """The newest finished run like the one a step asks for, an archived one only if there is no other."""
    names = _checked(config)
    alike = [
        run
        for run in rows
        if run.status == "finished"
        and run.has_result
        and bool(run.config.teacher) == bool(config.teacher)  # whoever it is
        and all(getattr(run.config, name) == getattr(config, name) for name in names)
    ]
    return max(alike, key=lambda run: (not run.archived, run.created), default=None)


def lacking(lesson: Lesson, step: Step, rows: Sequence[RunRow]) -> list[str]:
    """What is left to do in a step, in words; empty if it is done or asks for nothing."""
    missing = [title(lesson.runs[name]) for name in step.runs if done(lesson.runs[name], rows) is None]
    if step.mapped and not missing and not all(_drawn(lesson, step, rows)):
        missing.append("the maps before and after")
    if step.examined and not missing and not _examined(lesson, step, rows):
        missing.append("the test on other backgrounds")
    return missing


def title(config: RunConfig) -> str:
    """A run in a few words, such as: linear probe of EfficientNetLite0, 500 training images."""
    kinds = {"finetune": "fine-tune of", "scratch": "from scratch,", "linear": "linear probe of"}
    kinds |= {"knn": "nearest neighbours in"}
    if config.method == ZERO_SHOT:
        return f"zero-shot with {config.backbone}"
    images = f"{config.n_train:,} training images" if config.n_train else "all training images"
    pixels = ", pixels divided by 255" if config.preprocessing == "divide255" else ""
    teacher = ", with a teacher" if config.teacher else ""
    dataset = "" if config.dataset == RunConfig.dataset else f" of {config.dataset}"
    return f"{kinds.get(config.method, config.method)} {config.backbone}, {images}{dataset}{pixels}{teacher}"


def missing(name: str, rows: Sequence[RunRow]) -> list[str]:
    """What is left to do before the current person can present a lesson; empty if it is ready."""
    lesson, rows = lessons.get(name), _ready(rows)
    return list(dict.fromkeys(item for step in lesson.steps for item in lacking(lesson, step, rows)))


def prepare(name: str, report: Report = silent) -> list[str]:
    """Do everything in a lesson that is not done yet; returns what was done, in words.

    Raises:
        ConfigError: There is no such lesson.
        LabError: Something cannot be done.
    """
    lesson, prepared = lessons.get(name), []
    for config in lesson.runs.values():
        rows = _ready(runs.rows())
        if done(config, rows) is None:
            run_id = runs.create(_with_teacher(lesson, config, rows))
            if execute.perform(run_id, report) != "finished":
                raise LabError(f"The {title(config)} did not finish", remedy=runs.get(run_id).error or "Try again")
            prepared.append(title(config))
    for step in lesson.steps:
        rows = _ready(runs.rows())
        run = done(lesson.runs[step.mapped or step.examined], rows) if step.mapped or step.examined else None
        if not run or not lacking(lesson, step, rows):
            continue
        if step.mapped:
            for config in maps.of_fine_tune(run.id, lessons.MAP):
                maps.compute(config, report)
            prepared.append("the maps before and after")
        else:
            shortcut.measure(run.id, report)
            prepared.append("the test on other backgrounds")
    return prepared


def _ready(rows: Sequence[RunRow]) -> list[RunRow]:
    """The current person's runs that are not archived."""
    person = people.current_person()
    return [row for row in rows if row.person == person and not row.archived]


def _checked(config: RunConfig) -> tuple[str, ...]:
    return CHECKED + OF_METHOD.get(config.method, ())


def _with_teacher(lesson: Lesson, config: RunConfig, rows: Sequence[RunRow]) -> RunConfig:
    """A run of a lesson with the learner's own run as its teacher; without one while none is offered."""
    teacher = done(lesson.runs[config.teacher], rows) if config.teacher else None
    return replace(config, teacher=teacher.id if teacher and not teacher.archived else "")


def _examined(lesson: Lesson, step: Step, rows: Sequence[RunRow]) -> bool:
    run = done(lesson.runs[step.examined], rows)
    try:
        return run is not None and shortcut.find(run.id) is not None
    except LabError:  # the run was deleted meanwhile
        return False


def _drawn(lesson: Lesson, step: Step, rows: Sequence[RunRow]) -> Iterator[bool]:
    run = done(lesson.runs[step.mapped], rows)
    if run is None:
        yield False
        return
    try:
        yield from (maps.find(config) is not None for config in maps.of_fine_tune(run.id, lessons.MAP))
    except LabError:  # the probe the run started from was deleted
        yield False
