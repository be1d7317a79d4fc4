"""A network written out in plain Keras: its code, what to notice in it, and how it compares with Keras's own."""

import pandas as pd
import streamlit as st

from core import backbones, hardware
from core.backbones import networks, textbook
from core.backbones.hgnetv2 import shapes as hgnetv2
from core.backbones.hub import networks as hub
from core.curriculum.parity import Comparison, ParityCheck
from core.errors import LabError
from dashboard import server
from dashboard.ui import components, formats, task_progress

AGREES = 1e-3  # tolerance relative to a typical feature: float32 rounding over a hundred layers


def show(name: str) -> None:
    """The code for an architecture: its own if it is one of our networks, otherwise its family's."""
    written = _written(name)
    if backbones.get(name).has_text_tower:
        st.info(
            f"{name} is not written out here. One block, above, shows how its layers connect.",
            icon=":material/menu_book:",
        )
        return
    if (loader := backbones.get(name).loader) in ("hub", "hgnetv2"):
        st.caption(f"The code from which this program builds {name}; its published weights fit into it.")
        code = hub.source(name) if loader == "hub" else hgnetv2.source()
        st.code(code, height=760, wrap_lines=True)
        return
    if not written:
        st.info(
            f"{name} was not designed by hand: its cell was found by a search. To learn how networks are built, open a "
            "ResNet or a MobileNet.",
            icon=":material/menu_book:",
        )
        return
    build = networks.OWN[written]
    code, notes = st.columns([5, 3], gap="medium")
    with code:
        source = textbook.source(build) if written in textbook.NETWORKS else networks.source(build)
        st.code(source, height=760, wrap_lines=True)
    with notes:
        _notes(name, written)
        if written in textbook.NETWORKS:
            _compared_with_keras(written)
        components.link(
            "train", f"Train {written} from scratch", icon=":material/play_circle:", backbones=written, method="scratch"
        )


def _written(name: str) -> str:
    return name if name in networks.OWN else textbook.of_family(backbones.get(name).family)


def _notes(name: str, written: str) -> None:
    network, spec = textbook.NETWORKS.get(written), backbones.get(written)
    if name not in (written, network.keras if network else ""):
        st.markdown(f"This is {written.removeprefix('Textbook')}, from which {name} can be understood.")
    st.markdown(
        f"**{formats.count(spec.params, 'parameter')}** and {spec.depth} layers with weights, without a classifier. "
        "It takes raw pixels, 0 to 255."
    )
    if network:
        st.markdown("\n".join(f"* {sentence}" for sentence in network.look_for))


def _compared_with_keras(written: str) -> None:
    network = textbook.NETWORKS[written]
    try:
        compared = server.ideas.comparison(written)
    except LabError as error:
        components.show_error(error)
        return
    if compared is None:
        st.skeleton(height=260)
        _return_when_counted(written)
        return
    _resolutions(compared, network.keras)
    for title, params in compared.variants.items():
        st.markdown(
            f"**{title}** would cost {formats.count(params - compared.ours, 'parameter')} more: {params / 1e6:.1f} M, "
            f"{formats.percent(params / compared.ours - 1)} on top, although the shapes already fit."
        )
    if network.keras:
        _check(written, network.keras)


def _resolutions(compared: Comparison, keras: str) -> None:
    rows = compared.resolutions
    table = pd.DataFrame(
        {
            "Maps": [f"{row.size} x {row.size}" for row in rows],
            "Layers": [row.layers for row in rows],
            "Ours": [row.ours for row in rows],
        }
    )
    if keras:
        table["Keras"] = [row.keras for row in rows]
        same = compared.ours == compared.keras and all(row.ours == row.keras for row in rows)
        st.markdown(
            f"As many parameters as `keras.applications.{keras}` at every resolution: {compared.keras:,} in all."
            if same
            else f"{compared.ours:,} parameters; `keras.applications.{keras}` has {compared.keras:,}."
        )
    else:
        st.markdown("Keras has no network like this one to compare with; the modules are those of GoogLeNet.")
    number = st.column_config.NumberColumn(format="localized")
    st.dataframe(
        table,
        hide_index=True,
        height="content",
        column_config={
            "Maps": st.column_config.TextColumn(help="Resolution of the feature maps for an image of 224 px"),
            "Layers": st.column_config.NumberColumn(help="Layers with weights"),
            "Ours": number,
            "Keras": number,
        },
        alt="Parameters at each resolution, in our network and in Keras's",
    )


def _check(written: str, keras: str) -> None:
    """Whether both networks compute the same, checked on request."""
    check = server.ideas.parity_check(written)
    task_progress.why_it_ended(check.error)
    if check.result:
        _verdict(check.result, keras)
    elif check.running:
        st.caption(":material/hourglass_top: Building and comparing both networks")
        _return_when_checked(written)
    elif st.button(
        f"Check it against Keras's {keras}",
        icon=":material/balance:",
        help="Copies random tensors from Keras's network to ours, and compares their outputs for the same images",
    ):
        check.begin()
        st.rerun(scope="app")


def _verdict(checked: ParityCheck, keras: str) -> None:
    same = checked.largest_difference <= AGREES * checked.typical
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(
            f"{'The same' if same else '**Not the same**'}: with all {checked.tensors} tensors of Keras's {keras}, the "
            f"features of {formats.count(checked.images, 'image')} {_differ(checked)}.",
            width="stretch",
        )
        components.measured(hardware.name(), f"{formats.duration(checked.seconds)}, float32.")


def _differ(checked: ParityCheck) -> str:
    if not checked.largest_difference:
        return "are equal to the last bit"
    return f"differ by at most {checked.largest_difference:.0e}; a typical feature is {checked.typical:.0e}"


@st.fragment(run_every=0.3)
def _return_when_counted(written: str) -> None:
    if not server.ideas.comparing(written):
        components.redraw()


@st.fragment(run_every=0.4)
def _return_when_checked(written: str) -> None:
    if not server.ideas.parity_check(written).running:
        components.redraw()
