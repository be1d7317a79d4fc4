"""The bar of the current lesson above every page: the step's text and task, whether it is done, and the next step."""

from collections.abc import Sequence

import streamlit as st

from core import people
from core.curriculum import answers, lessons, tasks
from core.curriculum.lessons import Lesson, Step
from core.runs import RunRow
from dashboard import server
from dashboard.run import versus
from dashboard.state import address, visitor
from dashboard.ui import components, findings, formats, task_progress

BACK, NEXT = "PageUp", "PageDown"  # the keys of a presentation remote


def show() -> None:
    """Draw the bar if a lesson is open."""
    if not visitor.get().lesson:
        return
    lesson = lessons.get(visitor.get().lesson)
    last = len(lesson.steps)
    index = min(max(address.whole(visitor.get().step) or 1, 1), last) - 1
    step = lesson.steps[index]
    with st.container(border=True, key="lesson"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f":material/school: {lesson.title} · step {index + 1} of {last}: **{step.title}**")
            with st.container(horizontal=True, width="content"):  # together at the right, whatever the title's length
                _buttons(index, last)
        if step.text:
            st.markdown(step.text)
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**To do:** {step.do}", width="content")
            link_to(visitor.get().lesson, index, "Set up this page", icon=":material/tune:")
        _check(lesson, step)
        if step.question:
            with st.expander(f"**Question:** {step.question}", key=f"question-{visitor.get().lesson}-{index}"):
                _question(visitor.get().lesson, index)


def link_to(name: str, index: int, label: str, *, icon: str = "") -> None:
    """A link to a step (counted from 0) with its page set up."""
    step = lessons.get(name).steps[index]
    choices = tasks.link(lessons.get(name), step, _rows())
    components.link(step.page, label, icon=icon, lesson=name, step=str(index + 1), **choices)


def go(name: str, index: int) -> None:
    """Open a step (counted from 0) with its page set up."""
    step = lessons.get(name).steps[index]
    position = {"lesson": name, "step": str(index + 1)}
    choices = tasks.link(lessons.get(name), step, _rows())
    visitor.update(run=choices.get("run", ""), **position)  # none on Train, which then shows the next one
    for choice, value in choices.items():  # a polling browser still sends those of the previous step
        address.announce(choice, value)
    address.release(choices)
    st.switch_page(components.page(step.page), query_params=position | choices)


@address.together()
def leave() -> None:
    """Leave the lesson and show all lessons."""
    visitor.update(lesson="", step="")
    st.switch_page(components.page("lessons"), query_params={})  # left out, it fails if a tab is in the address


def _rows() -> Sequence[RunRow]:
    return server.runs.own() if server.engine.store_open() else ()


def _buttons(index: int, last: int) -> None:
    # Named by their step: a press that arrives twice, as on a busy machine, is of a step that is no longer shown.
    if st.button("Back", icon=":material/arrow_back:", shortcut=BACK, key=f"lesson-back-{index}", disabled=not index):
        go(visitor.get().lesson, index - 1)
    if st.button(
        "Next" if index + 1 < last else "Finish",
        icon=":material/arrow_forward:",
        shortcut=NEXT,
        key=f"lesson-next-{index}",
        type="primary",
    ):
        if index + 1 < last:
            go(visitor.get().lesson, index + 1)
        leave()
    if st.button("Leave", key="lesson-leave", type="tertiary", help="Back to all lessons"):
        leave()


def _question(name: str, index: int) -> None:
    """The options of a step's question; once one is chosen, whether it is right, and why."""
    step, given = lessons.get(name).steps[index], answers.find(name, index)
    if given is None:
        key = f"option-{name}-{index}"
        with st.form(f"answer-{name}-{index}", border=False):
            st.radio("Answer", lessons.offered(step), index=None, key=key, label_visibility="collapsed")
            st.form_submit_button("Answer", key=f"give-{name}-{index}", on_click=_answer, args=(name, index, key))
        return
    if given.right:
        st.markdown(f":green[:material/check_circle:] **{given.option}**: right.")
    else:
        st.markdown(f":orange[:material/cancel:] {given.option}: no. **{step.options[0]}**.")
    st.markdown(step.answer)
    if people.may("take answers back"):
        st.button(
            "Ask again",
            icon=":material/replay:",
            type="tertiary",
            key=f"again-{name}-{index}",
            on_click=task_progress.attempt,
            args=(answers.take_back, name, index),
        )


def _answer(name: str, index: int, key: str) -> None:
    if option := st.session_state[key]:
        task_progress.attempt(answers.give, name, index, option)
    else:
        st.toast("Choose an answer first.", icon=":material/info:")


def _check(lesson: Lesson, step: Step) -> None:
    """Show the results of the visitor's runs and maps, and whether they complete the step."""
    if not step.is_task:
        return
    if not server.engine.store_open():
        st.caption(":material/hourglass_empty: Looking for your runs")
        return
    rows = server.runs.own()
    lacking = tasks.lacking(lesson, step, rows)
    if lacking:
        st.markdown(f":orange[:material/radio_button_unchecked:] Still to do: {'; '.join(lacking)}.")
    else:
        st.markdown(":green[:material/check_circle:] Done.")
    for name in step.runs:
        run = tasks.done(lesson.runs[name], rows)
        if run is not None:
            interval = formats.interval(run.accuracy_low, run.accuracy_high)
            components.link(
                "run",
                f"{formats.percent(run.accuracy)} ({interval}), {formats.duration(run.seconds)}: "
                f"{tasks.title(lesson.runs[name])}",
                icon=":material/search_insights:",
                run=run.id,
            )
    _conclude(lesson, step, rows)


def _conclude(lesson: Lesson, step: Step, rows: Sequence[RunRow]) -> None:
    """What the learner's own two runs say about the lesson's question."""
    first, second = (tasks.done(lesson.runs[name], rows) for name in step.compares) if step.compares else (None, None)
    if first and second:
        change = server.runs.change(first, second)
        names = versus.names_of(first, second)
        st.markdown(f"**{findings.change(change, *names)}**")
        if change.paired:
            components.link(
                "run",
                "Open the two side by side",
                icon=":material/compare:",
                run=second.id,
                view=versus.TAB,
                other=first.id,
            )
