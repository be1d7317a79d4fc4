"""Few-shot: how accuracy grows with labelled images for each backbone, and how many it takes to reach other runs."""

import streamlit as st

from core import backbones, embeddings, settings
from core.config import DEMO, TITLES, ZERO_SHOT, RunConfig
from core.embeddings import Source
from core.errors import LabError
from core.evaluation import few_shot
from core.metrics import Interval
from core.zero_shot import encoder
from dashboard import server
from dashboard.few_shot import curves as few_shot_charts
from dashboard.few_shot import dots, progress
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

lines, dotted = {}, []
picture = st.container()
if server.engine.store_open():
    finished = {
        run.id: run
        for run in server.runs.entries()
        if run.status == "finished" and run.config.dataset == name and run.n_test == n_test
    }
    zero_shot = [run for run in finished.values() if run.config.method == ZERO_SHOT]
    if address.current("lines") is None:  # the default may have changed: a zero-shot run may have just ended
        st.session_state.pop("lines", None)
    drawn = address.several(
        "lines",
        "Lines to reach",
        choices.run_titles(finished.values()),
        widget=st.multiselect,
        select_all=False,
        default=[run.id for run in zero_shot[:1]],
        placeholder="Finished runs",
        help="Runs tested on the same images: zero-shot, a probe or a fine-tune",
    )
    drawn = drawn.split("+") if drawn else []
    for run in (finished[run_id] for run_id in drawn):
        mean = f", mean of {formats.count(run.n_seeds, 'seed')}" if run.seeds else ""
        title = f"{run.config.backbone}'s {TITLES[run.config.method].lower()} ({formats.percent(run.accuracy)}{mean})"
        if title in lines:  # runs with the same title are distinguished by their start
            title += f" of {formats.moment(run.created)}"
        lines[title] = Interval(run.accuracy, run.accuracy_low, run.accuracy_high)
    if st.toggle("Runs as dots", settings.mode() == "class", key="dots", bind="query-params", help=dots.HELP):
        dotted = [run for run in finished.values() if run.n_train]
    real = (clip for clip in encoder.NAMES if clip != encoder.TOY and clip in server.backbones.here())
    model = next(real, encoder.TOY)
    under_way = [run for run in server.runs.active() if (run.config.method, run.config.dataset) == (ZERO_SHOT, name)]
    if model not in {run.config.backbone for run in zero_shot} and st.button(
        f"Run {model} zero-shot",
        icon=":material/translate:",
        key="few-shot-ask",
        disabled=bool(under_way),
        help="It gets the class names and no labelled images; its accuracy on these test images is a line to reach",
    ):
        try:
            new_run = server.runs.submit(RunConfig(dataset=name, backbone=model, method=ZERO_SHOT))
            if drawn:
                address.write("lines", "+".join([*drawn, new_run]))
            st.rerun()  # the sidebar shows its status; its line appears when it has ended
        except LabError as error:
            components.show_error(error)
    components.toy([*chosen, *(finished[run_id].config.backbone for run_id in drawn)])

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
