"""Lessons: start one, continue one, or present one to a class."""

import streamlit as st

from core import people
from core.curriculum import answers, lessons, tasks
from dashboard import server
from dashboard.lessons import bar
from dashboard.state import visitor
from dashboard.ui import components, formats

components.page_header("Lessons", "What should you know about transfer learning? Find out with your own runs")
st.markdown(
    "Each lesson asks one question and leads through the pages that answer it, already set up for you. Progress is "
    "read from your own runs and maps. Nothing is downloaded."
)

rows = server.runs.own() if server.engine.store_open() else None
given = answers.of(people.require("answer"))
for start in range(0, len(lessons.LESSONS), 2):
    for column, (name, lesson) in zip(st.columns(2), list(lessons.LESSONS.items())[start : start + 2], strict=False):
        with column.container(border=True, height="stretch"):
            st.markdown(f"### {lesson.title}")
            st.markdown(lesson.question)
            first = 0
            if rows is not None:
                open_steps = [i for i, step in enumerate(lesson.steps) if tasks.lacking(lesson, step, rows)]
                count = sum(step.is_task for step in lesson.steps)
                done = count - len(open_steps)
                first = open_steps[0] if open_steps and done else 0
                st.progress(done / count, text=f"{done} of {formats.count(count, 'task')} done")
                if answered := [answer for answer in given if answer.lesson == name]:
                    st.caption(f"{answers.summary(answered)}.")
                if not open_steps and not tasks.missing(name, rows):
                    st.caption(":material/check_circle: All runs and maps are done: ready for a lecture.")
                elif people.may("run the class"):
                    st.caption(f"To prepare a lecture, run `python -m core warm --lesson {name}`")
            with st.container(horizontal=True):
                label = f"Continue with step {first + 1}" if first else "Start"
                if st.button(label, key=f"start-{name}", type="primary", icon=":material/play_arrow:"):
                    bar.go(name, first)
                show = st.button(
                    "Present it",
                    key=f"show-{name}",
                    icon=":material/present_to_all:",
                    help="In large type, for a class; Page Down or a presentation remote goes to the next step",
                )
                if show:
                    visitor.update(projector=True)
                    bar.go(name, 0)
