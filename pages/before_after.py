"""Before and after: how a fine-tune changed what the network sees, on two linked maps and image by image."""

import streamlit as st

from core import maps
from core.errors import LabError
from dashboard import server
from dashboard.before_after import changes, images
from dashboard.map_view import view as map_view
from dashboard.maps import columns as map_columns
from dashboard.maps import progress, quality, selection_panel
from dashboard.run import fair_probe
from dashboard.state import visitor
from dashboard.ui import choices, components, findings, image_grid

VIEW = "before-after"
ARRANGE = {"pair": "Side by side", "morph": "Morphing"}
COLOURS = {"class": "Class", "change": "Fixed or broken", "prediction": "Prediction", "confidence": "Confidence"}

components.page_header(
    "Before and after", "How did fine-tuning change what the network sees, and which images did it fix or break?"
)
components.need_runs()
runs = [run for run in choices.single_runs() if run.config.method == "finetune" and run.status == "finished"]
runs = [run for run in runs if run.has_result]
if not runs:
    components.empty("No fine-tune yet", "A finished one is shown here before and after, image by image.")
    components.link("train", "Fine-tune a backbone", icon=":material/play_circle:", method="finetune")
    st.stop()

with st.container(horizontal=True, vertical_alignment="bottom"):
    with st.container(width=340):
        run = choices.run(runs, "Fine-tune", forget=[image_grid.ROW])
    titles = {name: maps.METHODS[name].title for name in ("umap", "tsne", "pca")}
    method = choices.titled(st.segmented_control, "map", "Map", titles, required=True)
    arrange = choices.titled(st.segmented_control, "arrange", "Arrangement", ARRANGE, required=True)
    colour = choices.titled(st.selectbox, "colour", "Colour by", COLOURS, width=160)

try:
    dataset = image_grid.dataset_of(run)  # or an explanation on the page
    if dataset is None:
        st.stop()
    pair = maps.of_fine_tune(run.id, method)
    both = server.runs.before_and_after(run)
    before, after = (server.maps.drawn(config) for config in pair)
    if before is None or after is None:
        missing = [config for config, drawn in zip(pair, (before, after), strict=True) if drawn is None]
        progress.show_several(missing, "Draw both maps")
        st.stop()
    rows = after.rows
    st.markdown(quality.separation(before.quality, after.quality))

    columns = map_columns.of_images(dataset, after.rows, server.datasets.splits(dataset))
    columns += map_columns.of_run(dataset, after.rows, server.runs.predictions(run.id))
    if both is not None:
        columns.append(changes.changes(after.rows, both))
    elif colour == "change":
        colour = "class"

    def follow() -> None:
        """Show the image that was clicked."""
        picked = map_view.picked(VIEW, rows)
        if picked.last == "click" and picked.clicked is not None:
            image_grid.select(picked.clicked)

    row = image_grid.selected()
    row = row if row in after.rows else None
    left, right = st.columns([5, 3] if visitor.get().projector else [7, 3], gap="medium")
    with left:
        picked = map_view.show(
            [map_view.Panel(before.key, "Before", "the frozen backbone"), map_view.Panel(after.key, "After")],
            after.rows,
            dataset,
            columns,
            key=VIEW,
            colour=colour,
            arrange=arrange,
            focus=[] if row is None else [row],
            on_change=follow,
        )
        st.caption(changes.how_aligned(pair[0]))
    with right:
        if len(picked.rows):
            predictions = server.runs.predictions(run.id)
            selection_panel.show(after, dataset, picked.rows, predictions, look_at=image_grid.select)
        if row is not None:
            images.one(dataset, row, both, pair)
        if both is None:
            st.info(
                "This run has no predictions of the frozen backbone: it is from an older version, or its head was not "
                "trained before the backbone was unfrozen.",
                title="No list of fixed and broken images",
            )
        else:
            images.lists(dataset, both)

    st.subheader("In numbers", anchor=False)
    if change := server.runs.unfreezing(run):
        st.markdown(findings.unfreezing(change))
        fair_probe.show(run, change)
    st.table(changes.table(both, before.quality, after.quality), border="horizontal")
    st.caption(
        f"Measured on {after.hardware}, on {int(after.quality['judged']):,} test images; in brackets the 95 % interval "
        "(Wilson) where a number is a share of images."
    )
except LabError as error:
    components.show_missing(error)
