"""Data: choose or import a dataset; look at its images, classes and splits."""

from functools import partial

import streamlit as st

from core.data import sizes
from core.errors import LabError
from dashboard import server
from dashboard.data import (
    deletion,
    import_form,
    import_status,
    label_errors,
    near_duplicates,
    new_classes,
    odd_images,
    origin,
    samples,
    splits,
)
from dashboard.state import visitor
from dashboard.ui import choices, components, formats, task_progress

components.page_header("Data", "Which images are there, how many of each class, and which are held out for testing?")

# Choose
if new_classes.wanted():
    import_status.show()
    new_classes.show()
    st.stop()
chosen = st.container(horizontal=True, vertical_alignment="bottom", gap="medium")
with chosen:
    with st.container(width=280):
        name = choices.dataset(only_ready=False)
    with st.popover("Add images", icon=":material/add_photo_alternate:", key=f"add-{name}-{visitor.get().importing}"):
        import_form.show()  # closes when an import begins and when it has ended
    st.button("Take photos", icon=":material/photo_camera:", on_click=new_classes.begin)
import_status.show()


# Guard
@st.fragment(run_every=1.0)
def wait_for_download() -> None:
    """Show the progress of the download every second until it ends."""
    if not server.datasets.download(name).running:
        server.datasets.refresh()
        components.redraw()
    task_progress.bar(server.datasets.download(name), waiting="Connecting")


summary = next((listed for listed in server.datasets.available() if listed.name == name), None)
if summary and summary.state == "download":
    components.need_runs()
    download = server.datasets.download(name)
    if download.running:
        st.markdown(f"Downloading {formats.plain(summary.title)}. You can use the other pages in the meantime.")
        wait_for_download()
        st.stop()
    task_progress.why_it_ended(download.error)
    components.empty(
        f"{formats.plain(summary.title)} is not on this machine yet",
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
    deletion.offer(name)
    st.stop()

# Show
with chosen:
    st.metric("Images", formats.count(len(dataset.labels)), width="content")
    st.metric("Classes", formats.count(len(dataset.class_names)), width="content")
    st.metric("Size", f"{dataset.images.shape[1]} px", width="content", help="All images are squares of this size")
    if dataset.skipped:
        st.metric("Skipped files", formats.count(len(dataset.skipped)), width="content", help="Listed under Origin")
for note in [*dataset.notes, *server.datasets.duplicates(dataset)]:
    st.warning(formats.plain(note), icon=":material/warning:")
st.markdown("  \n".join(map(formats.message, sizes.sentences(dataset, server.datasets.splits(dataset)))))
components.tabs(
    {
        "Samples": partial(samples.show, dataset),
        near_duplicates.TAB: partial(near_duplicates.show, dataset),
        label_errors.TAB: partial(label_errors.show, dataset),
        odd_images.TAB: partial(odd_images.show, dataset),
        "Classes and splits": partial(splits.show, dataset, server.datasets.splits(dataset)),
        "Origin": partial(origin.show, dataset),
    }
)
