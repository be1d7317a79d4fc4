"""Predict: one photo, and every model's prediction for it."""

import streamlit as st

from core import hardware
from core.errors import LabError
from core.explain.predict import IMAGENET
from dashboard import server
from dashboard.predict import agreement, charts
from dashboard.state import address
from dashboard.ui import choices, components, formats, photo_picker

AT_FIRST = 3  # runs chosen by default

components.page_header("Predict", "What does each model see in a photo, and do they agree?")
components.need_runs()

left, right = st.columns([2, 3], gap="large")
with left:
    photo = photo_picker.choose()
with right:
    done = [run for run in server.runs.rows() if run.has_result]
    titles = {f"{IMAGENET}{name}": f"{name}, ImageNet classes" for name in server.explain.classifiers()}
    titles |= {run.id: choices.run_title(run) for run in done}
    first = [*titles][:1] + [run.id for run in done[:AT_FIRST]]
    models = address.several("models", "Models", titles, widget=st.multiselect, default=first).split("+")
    if photo is None:
        components.empty("No photo yet", "Take one or choose a file.", icon=":material/photo_camera:")
        st.stop()
    if models == [""]:
        components.empty("No model chosen", "Choose one or more above.", icon=":material/account_tree:")
        st.stop()


def classes_of(model: str) -> tuple[str, ...]:
    """Names of a model's classes; empty for ImageNet's thousand."""
    return () if model.startswith(IMAGENET) else tuple(server.runs.confusion(model).columns)


@st.fragment(run_every=0.3)
def wait() -> None:
    """Rerun the page when no answer is pending. Errors are left to the page: reading them here would retry."""
    if server.engine.settled() and not any(server.explain.answering(model, digest) for model in models):
        st.rerun()


with right:
    digest, answers, failed = photo_picker.name(photo), {}, {}
    for model in models:
        try:
            answers[model] = server.explain.answer(model, photo, digest)
        except LabError as error:
            failed[model] = error
    answered = {model: answer for model, answer in answers.items() if answer}
    groups = {}
    for model, answer in answered.items():
        groups.setdefault(classes_of(model), []).append(answer)
    for classes, group in groups.items():
        st.markdown(agreement.sentence(group, classes))
    for start in range(0, len(models), 2):
        for column, model in zip(st.columns(2), models[start : start + 2], strict=False):
            with column.container(border=True, height="stretch"):
                st.markdown(f"**{formats.plain(titles[model])}**")
                if model in failed:
                    components.show_error(failed[model])
                elif (answer := answered.get(model)) is None:
                    st.skeleton(height=186)
                else:
                    classes = classes_of(model)
                    figure = charts.bars(answer, classes=classes)
                    components.chart(figure, key=f"answer-{model}-{digest}", alt=f"Predicts {answer.class_names[0]}")
                    if agreement.alone(answer, groups[classes]):
                        st.badge("disagrees with the majority", icon=":material/call_split:", color="orange")
                    size = f"{answer.seen} px"
                    if answer.seen != answer.input_size:
                        size += f", resized to {answer.input_size} px"
                    st.caption(f"{formats.milliseconds(answer.seconds)} for this photo, {size}")
    if len(answered) + len(failed) < len(models):
        wait()
    components.measured(hardware.name(), "One photo, with the network already loaded.")
