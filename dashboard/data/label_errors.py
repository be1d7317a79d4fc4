"""Labels that a head doubts: looked for on request, judged image by image, changed in a copy."""

import numpy as np
import streamlit as st

from core import quoting
from core.data import relabelling
from core.data.datasets import Dataset
from core.evaluation import label_errors
from core.evaluation.label_errors import LabelErrors, Suspect
from core.features.estimates import Count
from dashboard import server
from dashboard.data import copies
from dashboard.ui import contact_sheet, formats, task_progress

TAB = "Wrong labels"
COLUMNS, ROWS = 4, 3  # of suspects at once
PAPER = "https://arxiv.org/abs/1911.00068"
CHANGES = "relabelled"  # in the session: row id -> label


def show(dataset: Dataset) -> None:
    """The suspects that were found, or the button that looks for them."""
    search = server.datasets.search_labels(dataset)
    if not search.running and (errors := server.datasets.label_errors_of(dataset)):
        _judge(dataset, errors)
        return
    counted = Count("label-errors")
    if not search.running:
        label_errors.count(label_errors.usual(dataset.name), into=counted)
    task_progress.offer(
        search,
        "Look for wrong labels",
        why="A head is trained on four fifths of the images and asked about the last fifth, five times. A label is "
        f"suspect where the head is confident of another class ([Northcutt and others, 2021]({PAPER})).",
        icon=":material/label_off:",
        ended=server.datasets.refresh,
        kept=task_progress.CONTINUES.format("features"),
        counted=counted,
    )


def changes_of(dataset: Dataset) -> dict[int, int]:
    """The labels that this visitor has changed: row id -> label, or `relabelling.LEFT_OUT`."""
    return st.session_state.setdefault(f"{CHANGES}:{dataset.fingerprint}", {})


def _judge(dataset: Dataset, errors: LabelErrors) -> None:
    st.markdown(
        f"**{formats.count(len(errors.suspects), 'label')} of {errors.images:,} "
        f"{'is' if len(errors.suspects) == 1 else 'are'} suspect**, according to a head that predicts "
        f"{formats.percent(errors.accuracy)} of the labels of images it was not trained on. Beside each image: the two "
        "most similar ones."
    )
    if not errors.suspects:
        return
    of_page = COLUMNS * ROWS
    pages = -(-len(errors.suspects) // of_page)
    changes = changes_of(dataset)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        page = st.number_input(
            f"Page (of {pages:,})", 1, pages, 1, key="suspects", width=140, help="Most suspect first"
        )
        shown = errors.suspects[(page - 1) * of_page : page * of_page]
        st.button(
            "Accept all suggestions on this page",
            icon=":material/done_all:",
            on_click=_accept,
            args=(dataset, shown),
            key="accept-suggestions",
        )
        st.download_button(
            "CSV",
            quoting.csv(label_errors.table(errors, dataset)),
            f"{dataset.name}-labels.csv",
            icon=":material/download:",
            help="Edit its column label, then run `python -m core datasets relabel NAME FILE`",
        )
    for start in range(0, len(shown), COLUMNS):
        for column, suspect in zip(st.columns(COLUMNS), shown[start : start + COLUMNS], strict=False):
            with column:
                _suspect(dataset, suspect, changes)
    if changes:
        label = f"Make a copy with {relabelling.summary(changes)}"
        copies.offer(server.datasets.relabel(dataset, changes), label, icon=":material/label:", key="relabel")
        tested = int(np.isin(list(changes), server.datasets.splits(dataset)["test"]).sum())
        if tested:
            st.caption(
                f"{tested:,} of these {'is a test image' if tested == 1 else 'are test images'}. Judge by eye: test "
                "labels that follow a model's advice favour that model."
            )


def _suspect(dataset: Dataset, suspect: Suspect, changes: dict[int, int]) -> None:
    label, suggested = (formats.plain(dataset.class_names[each]) for each in (suspect.label, suspect.suggested))
    own, other = label_errors.agreeing(suspect, dataset.labels)
    rows = np.array([suspect.row, *suspect.neighbours[:2]])
    st.image(
        contact_sheet.strip(dataset.images[rows], columns=len(rows)),
        width="stretch",
        alt=f"Image {suspect.row} and the two most similar ones",
    )
    st.caption(
        f"Labelled **{label}** ({formats.percent(suspect.confidence)}), more likely **{suggested}** "
        f"({formats.percent(suspect.probability)}). Its {len(suspect.neighbours)} nearest neighbours: {own} {label}, "
        f"{other} {suggested}."
    )
    key = f"label-{dataset.fingerprint}-{suspect.row}"
    st.session_state[key] = changes.get(suspect.row, suspect.label)

    def keep() -> None:
        chosen = st.session_state.get(key)
        if chosen is None or chosen == suspect.label:
            changes.pop(suspect.row, None)
        else:
            changes[suspect.row] = chosen

    st.selectbox(
        "Label",
        [*range(len(dataset.class_names)), relabelling.LEFT_OUT],
        format_func=lambda option: "Leave out" if option < 0 else formats.plain(dataset.class_names[option]),
        key=key,
        on_change=keep,
        label_visibility="collapsed",
    )


def _accept(dataset: Dataset, suspects: tuple[Suspect, ...]) -> None:
    changes_of(dataset).update({suspect.row: suspect.suggested for suspect in suspects})
