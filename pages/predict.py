"""Predict: one photo, and every model's prediction for it."""

import streamlit as st

from core import hardware
from core.errors import LabError
from dashboard import server
from dashboard.predict import agreement, answer_card, live_camera, models
from dashboard.run import explanation
from dashboard.state import address
from dashboard.ui import components, photo_picker

components.page_header("Predict", "What does each model see in a photo, and do they agree?")
components.need_runs()

left, right = st.columns([3, 5], gap="medium")
with left:
    live = live_camera.switch()
    photo = None if live else photo_picker.choose(first="test", examples=models.examples)
with right:
    titles = models.titles()
    chosen = address.several(
        "models", "Models", titles, widget=st.multiselect, select_all=False, default=models.first()
    ).split("+")
    if chosen == [""]:
        components.empty("No model chosen", "Choose one or more above.", icon=":material/account_tree:")
        st.stop()
if live:
    live_camera.show({model: titles[model] for model in chosen})
    st.stop()
with right:
    if photo is None:
        components.empty("No photo yet", "Take one or choose a file.", icon=":material/photo_camera:")
        st.stop()
    methods = explanation.methods(models.architectures(chosen))
    digest = photo.digest


@st.fragment(run_every=0.3)
def wait() -> None:
    """Rerun the page when no answer is pending. Errors are left to the page: reading them here would retry."""
    answering = any(server.explain.answering(model, digest) for model in chosen)
    explaining = any(server.explain.explaining(model, method, digest) for model in chosen for method in methods)
    if server.engine.settled() and not answering and not explaining:
        components.redraw()


with right:
    answers, failed = {}, {}
    for model in chosen:
        try:
            answers[model] = server.explain.answer(model, photo.pixels, digest)
        except LabError as error:
            failed[model] = error
    answered = {model: answer for model, answer in answers.items() if answer}
    groups = {}
    for model, answer in answered.items():
        groups.setdefault(models.classes(model), []).append(answer)
    for classes, group in groups.items():
        st.markdown(agreement.sentence(group, classes))
        agreement.warn_of_strangers(photo, group, classes, titles)
    complete = True
    for start in range(0, len(chosen), 2):
        for column, model in zip(st.columns(2), chosen[start : start + 2], strict=False):
            with column.container(border=True, height="stretch", gap="xsmall"):
                if model in failed:
                    answer_card.title(titles[model])
                    components.show_error(failed[model])
                elif (answer := answered.get(model)) is None:
                    answer_card.title(titles[model])
                    st.skeleton(height=answer_card.HEIGHT)
                else:
                    classes = models.classes(model)
                    answer_card.show(titles[model], answer, classes, photo, groups[classes])
                    complete &= answer_card.why(model, methods, photo)
    if len(answered) + len(failed) < len(chosen) or not complete:
        wait()
    components.measured(hardware.name(), "One photo, with the network already loaded.")
