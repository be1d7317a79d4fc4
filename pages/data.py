"""Data: choose a dataset or bring one; look at its images, its classes and its splits."""

import numpy as np
import pandas as pd
import streamlit as st

from core.data import datasets
from core.errors import LabError
from dashboard import server
from dashboard.data import import_form
from dashboard.state import visitor
from dashboard.ui import charts, choices, components, contact_sheet, formats, task_progress

CLASSES_AT_ONCE = 10
SPLITS = {  # what each is for
    "train": "Heads learn from these",
    "val": "Chooses settings such as the strength of regularisation",
    "test": "Measures the accuracy, once; used for nothing else",
    "probe20": "The book's 20 % of train, for a quick probe",
    "finetune80": "The book's other 80 % of train",
}

components.page_header(
    "Data", "Which images are there, how many of each class, and which of them are kept for the test?"
)

# Choose
with st.container(horizontal=True, vertical_alignment="bottom"):
    with st.container(width=360):
        name = choices.dataset(only_ready=False)
    with st.popover("Add images", icon=":material/add_photo_alternate:", key=f"add-beside-{name}"):  # closes when done
        import_form.show()


# Guard
@st.fragment(run_every=1.0)
def wait_for_download() -> None:
    """Show every second how far the download is, until it has ended."""
    if not server.datasets.download(name).running:
        server.datasets.refresh()
        st.rerun()
    task_progress.bar(server.datasets.download(name), waiting="Connecting")


summary = next((each for each in server.datasets.available() if each.name == name), None)
if summary and summary.state == "download":
    components.need_runs()
    download = server.datasets.download(name)
    if download.running:
        st.markdown(f"{summary.title} is being downloaded. Other pages stay usable.")
        wait_for_download()
        st.stop()
    task_progress.why_it_ended(download.error)
    components.empty(
        f"{summary.title} is not on this machine yet",
        f"{formats.count(summary.images, 'image')} of {summary.classes} classes, about 165 MB to download once.",
        icon=":material/download:",
    )
    if st.button("Download", type="primary", icon=":material/download:"):
        download.begin()
        st.rerun()
    st.stop()
try:
    dataset = server.datasets.get(name)
except LabError as error:
    components.show_error(error)
    st.stop()

# Read
class_names = np.array(dataset.class_names)
balance = pd.DataFrame({"class_name": class_names, "images": np.bincount(dataset.labels, minlength=len(class_names))})
splits = datasets.splits(dataset)

# Show
with st.container(horizontal=True, gap="large"):
    st.metric("Images", formats.count(len(dataset.labels)), width="content")
    st.metric("Classes", formats.count(len(class_names)), width="content")
    st.metric("Size", f"{dataset.images.shape[1]} px", width="content", help="All images are squares of this size")
    if dataset.skipped:
        st.metric("Skipped files", formats.count(len(dataset.skipped)), width="content", help="Listed under Origin")

st.subheader("Samples", anchor=False)
start = 0
with st.container(horizontal=True, vertical_alignment="bottom"):
    if len(class_names) > CLASSES_AT_ONCE:
        start = st.selectbox(
            "Classes",
            range(0, len(class_names), CLASSES_AT_ONCE),
            format_func=lambda first: f"{class_names[first]} to {class_names[first : first + CLASSES_AT_ONCE][-1]}",
            width=360,
        )
    if st.button("Show others", icon=":material/shuffle:"):
        st.session_state["samples-seed"] = st.session_state.get("samples-seed", 0) + 1
places = 8 if visitor.get().projector else 10
for label in range(start, min(start + CLASSES_AT_ONCE, len(class_names))):
    name_column, images_column = st.columns([1, 7], vertical_alignment="center", gap="small")
    name_column.markdown(f"**{class_names[label]}**")
    rows = contact_sheet.rows_of_class(dataset, label, places, seed=st.session_state.get("samples-seed", 0))
    images_column.image(
        contact_sheet.strip(dataset.images[np.sort(rows)], places=places), alt=f"Samples of {class_names[label]}"
    )

st.subheader("Class balance", anchor=False)
least, most = balance["images"].min(), balance["images"].max()
st.markdown(
    f"Every class has {formats.count(most, 'image')}."
    if least == most
    else f"The largest class has {most / max(least, 1):.1f} times the images of the smallest: "
    f"{formats.count(most)} to {formats.count(least)}. Accuracy mostly speaks of the large ones; look at each class."
)
components.chart(charts.class_balance(balance), key="balance", alt=f"Images of each class, {least} to {most}")

st.subheader("Splits", anchor=False)
from_source = [what for part, what in (("val", "validation"), ("test", "test")) if (dataset.official == part).any()]
cut = [what for what in ("validation", "test") if what not in from_source]
sentences = [
    f"The source says which images are for {' and '.join(from_source)}." if from_source else "",
    f"The images for {' and '.join(cut)} were cut at random, class by class in equal shares." if cut else "",
    "The seed is 0 for everybody, so that all runs are tested on the same images.",
]
st.markdown(" ".join(sentence for sentence in sentences if sentence))
st.dataframe(
    pd.DataFrame(
        {
            "Split": list(SPLITS),
            "Images": [len(splits[split]) for split in SPLITS],
            "Of each class": [
                f"{counts.min():,} to {counts.max():,}" if counts.min() < counts.max() else f"{counts.max():,}"
                for counts in (np.bincount(dataset.labels[splits[s]], minlength=len(class_names)) for s in SPLITS)
            ],
            "For": list(SPLITS.values()),
        }
    ),
    hide_index=True,
    column_config={"Images": st.column_config.NumberColumn(format="localized")},
    alt="Splits with the number of their images",
)

st.subheader("Origin", anchor=False)
st.table(
    {
        "Source": dataset.source,
        "Licence": dataset.licence,
        "Fingerprint": f"`{dataset.fingerprint}` of all pixels and labels",
    },
    border="horizontal",
)
if dataset.skipped:
    with st.expander(f"{formats.count(len(dataset.skipped), 'file')} skipped", icon=":material/warning:"):
        st.dataframe(pd.DataFrame({"File and reason": dataset.skipped}), hide_index=True)
if name != datasets.SAMPLE:
    with st.popover("Delete this dataset", icon=":material/delete:"):
        st.markdown("Its images leave this machine; runs and their results stay.")
        if st.button("Delete for good", type="primary"):
            datasets.delete(name)
            server.datasets.refresh()
            visitor.update(dataset=datasets.SAMPLE)
            st.rerun()
