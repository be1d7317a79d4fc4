"""Few-shot: how accuracy grows with labelled images for each backbone, and how many it takes to reach other runs."""

import streamlit as st

from core import backbones, embeddings
from core.config import DEMO
from core.embeddings import Source
from core.errors import LabError
from core.evaluation import few_shot
from dashboard import server
from dashboard.few_shot import curves as few_shot_charts
from dashboard.few_shot import dots, progress, targets
from dashboard.state import address
from dashboard.train import options
from dashboard.ui import choices, components, formats

components.page_header("Few-shot", "How many labelled images does a network need?")
answer = st.container()

left, middle, right = st.columns([4, 7, 2], vertical_alignment="bottom")
with left:
    name = choices.dataset()
with middle:
    chosen = choices.backbones() or [DEMO.backbone]
with right:
    size = address.number(
        st.number_input,
        "input_size",
        "Input size (px)",
        default=DEMO.input_size,
        least=32,
        most=1024,
        step=32,
        help="Every image is resized to this, for every backbone that takes that size",
    )
clips = [backbone for backbone in chosen if "projected" in backbones.get(backbone).poolings]
clip_pooling = "avg"
if clips:
    with st.container(width=360):
        clip_pooling = options.pooling(clips[0])

try:
    sources, curves = {}, {}
    for backbone in chosen:
        spec = backbones.get(backbone)
        input_size = spec.nearest_size(size)
        sources[backbone] = Source(
            dataset=name,
            images="test",
            backbone=backbone,
            input_size=input_size,
            pooling=clip_pooling if backbone in clips else "avg",
        )
        if curve := server.few_shot.curve(sources[backbone]):
            curves[backbone] = curve
    n_test = len(embeddings.rows(next(iter(sources.values()))))
    progress.show(sources, curves)
except LabError as error:
    components.show_error(error)
    st.stop()

drawn, dotted = [], []
picture = st.container()
if server.engine.store_open():
    drawn, dotted = targets.choose(name, n_test)
    components.toy([*chosen, *(run.config.backbone for run in drawn)])
lines = targets.lines(drawn)

if curves or dotted:
    chart = few_shot_charts.chart(curves, lines, dots.frame(dotted, len(server.datasets.get(name).class_names)))
    with picture:
        components.chart(chart, key="few-shot", alt="Accuracy against labelled images per class, log axis")
        if best := dots.answer(dotted):
            st.markdown(best)
if not curves:
    st.stop()
answer.markdown(few_shot_charts.answer(curves, lines))
if len(curves) * len(lines) > 1:  # else the answer says it
    st.markdown("  \n".join(few_shot_charts.crossings(curves, lines)))
seeds = next(iter(curves.values())).seeds
with st.expander("How this was measured", icon=":material/info:"):
    st.caption(
        f"Linear heads on cached features, tested on the same {formats.count(n_test, 'image')}; points are means, "
        f"bands the range of {seeds} draws of the training images. One backbone is called better than another if it "
        "is better in every draw and the 95 % interval of the difference of their means (Newcombe) excludes 0. A "
        "line's band is its 95 % interval. The range of a crossing begins where the best draw reaches the lower end of "
        "that interval, and ends where the worst draw reaches the upper end.  \n"
        "Each head's L2 strength was chosen with its own labelled images only: by cross-validation up to "
        f"{few_shot.FEW} per class, on a held-out fifth above; one image per class leaves nothing to hold out, and the "
        f"strength is {few_shot.STRENGTHS[0]:g}. Training the heads took "
        f"{formats.duration(sum(curve.seconds for curve in curves.values()))}, measured on "
        f"{next(iter(curves.values())).hardware}."
    )
with st.expander("As a table"):
    st.dataframe(few_shot_charts.table(curves), hide_index=True)
