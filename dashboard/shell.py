"""The frame around every page: navigation, the status, the projector switch."""

import streamlit as st

from core import people, runs, settings
from core.errors import LabError
from dashboard import server
from dashboard.classroom import following, leading, presence
from dashboard.data import import_status
from dashboard.lessons import bar
from dashboard.run import progress
from dashboard.state import address, presses, streamlit_patch, visitor
from dashboard.ui import choices, components, formats, unknown

POLL = 1.0  # seconds between updates of a running run
STARTING = 0.3  # likewise while the run store and the engine start
IDLE = 3600.0  # likewise while nothing runs: without a timer, a page is not drawn again when a lost connection is back
LOGO = str(settings.ASSETS / "logo.svg")  # a named icon would be fetched from the internet
PAGES = {  # section -> (script, title, icon, purpose)
    "Start": [
        ("home", "Home", ":material/home:", "A first result in one click, and your latest results."),
        (
            "lessons",
            "Lessons",
            ":material/school:",
            "A guided path: one question per lesson, answered by your own runs.",
        ),
    ],
    "Experiment": [
        ("data", "Data", ":material/photo_library:", "Choose or import images; see samples, classes and splits."),
        ("train", "Train", ":material/play_circle:", "A probe, a fine-tune, or a network from scratch."),
        (
            "run",
            "Run",
            ":material/search_insights:",
            "One run in detail: its mistakes, what it looks at, how it learned.",
        ),
    ],
    "Understand": [
        (
            "backbones",
            "Backbones",
            ":material/account_tree:",
            "Every architecture: published accuracy, size, measured speed.",
        ),
        (
            "anatomy",
            "Anatomy",
            ":material/biotech:",
            "Inside one architecture: its layers, its blocks, and what still trains when a part is frozen.",
        ),
    ],
    "See": [
        (
            "maps",
            "Maps",
            ":material/scatter_plot:",
            "All images as a network sees them: similar images lie close together.",
        ),
        (
            "before_after",
            "Before and after",
            ":material/compare:",
            "Two linked maps of one fine-tune, and the images it fixed and broke.",
        ),
        ("layers", "Layers", ":material/layers:", "One network in depth: where it begins to tell your classes apart."),
        ("six_maps", "Six maps", ":material/grid_view:", "The book's experiment: maps before and after a fine-tune."),
        ("predict", "Predict", ":material/image_search:", "One photo, every model: what each predicts, and how fast."),
        (
            "zero_shot",
            "Zero-shot",
            ":material/translate:",
            "CLIP or SigLIP 2 classifies from class names alone, without examples.",
        ),
    ],
    "Decide": [
        ("compare", "Compare", ":material/bar_chart:", "All runs side by side: which is better, which is faster."),
        (
            "few_shot",
            "Few-shot",
            ":material/show_chart:",
            "Accuracy by number of labelled images: how many do you need?",
        ),
        ("robustness", "Robustness", ":material/blur_on:", "The same runs on grey, blurred, noisy or small images."),
        ("challenge", "Challenge", ":material/trophy:", "Who in the class is best on images that nobody has seen?"),
    ],
}


CLASS = ("classroom", "Class", ":material/groups:", "Who is here, how they join, and what they see.")


streamlit_patch.drop_ticks()
streamlit_patch.compute_expired()
streamlit_patch.forget_locks()
presses.answer_all()


def show() -> None:
    """Draw the frame and, in it, the page in the address."""
    st.set_page_config(page_title="Backbone Lab", page_icon=LOGO, layout="wide", initial_sidebar_state=260)
    st.logo(LOGO, size="large")
    st.html(components.FRAME)
    try:
        _draw()
    except LabError as error:
        components.show_error(error)
        st.fragment(components.redraw, run_every=server.engine.AGAIN_AFTER)()  # it may have passed


def _draw() -> None:
    if people.current_person() is None:
        presence.ask_to_join()
    visitor.begin()  # before the navigation, or each change of page would be two entries of the browser's history
    server.engine.start()
    state = server.engine.state()  # before anything that depends on it
    server.imports.start()
    import_status.settle()
    page = st.navigation(
        {
            section: [
                st.Page(components.page(name), title=title, icon=icon, help=help, default=name == "home")
                for name, title, icon, help in pages
            ]
            for section, pages in _pages().items()
        },
        expanded=True,  # collapsed entries are not found
    )
    name = page.url_path or "home"
    address.show_refused(page.url_path)
    try:
        _draw_around(name, state)
        page.run()
    finally:  # with what the page wrote into its address
        leading.move(name)


def _draw_around(name: str, state: tuple[str, str]) -> None:
    """Draw the sidebar, and what is above every page."""
    try:
        unknown.check()
    finally:  # the sidebar also while the home folder is away
        with st.sidebar:
            _status(state)
            if name != "data":
                import_status.show_beside()
            choices.projector()
            presence.show()
            leading.show(name)
        if visitor.get().projector:
            components.enlarge_type()
    following.show(name)
    bar.show()


def _pages() -> dict[str, list[tuple[str, str, str, str]]]:
    """The pages that this visitor has: the lecturer of a class has one more."""
    if settings.mode() == "alone" or not people.may("run the class"):
        return PAGES
    return PAGES | {"Start": [*PAGES["Start"], CLASS]}


def _status(state: tuple[str, str]) -> None:
    """The dataset in use, what is running, the device; refreshes itself often only while something starts or runs."""
    active = server.runs.active()
    if not active:
        streamlit_patch.forget_watching()
    every = server.engine.AGAIN_AFTER if "failed" in state else IDLE
    if active:
        every = server.runs.interval(active[0], POLL)
    if "starting" in state:
        every = STARTING
    st.fragment(_draw_status, run_every=every)([run.id for run in active], state)


def _draw_status(drawn: list[str], state: tuple[str, str]) -> None:
    active = server.runs.active()
    if [run.id for run in active] != drawn or server.engine.state() != state:
        server.runs.refresh()
        components.redraw()  # a run started or ended, or there is now a store or an engine
    title = formats.plain(server.datasets.title(visitor.get().dataset))
    components.link("data", title, icon=":material/photo_library:", help="Dataset in use")
    for run in active[:1]:
        server.runs.follow(run)
        components.link("train", run.config.backbone, icon=":material/play_circle:", help="Open this run", run=run.id)
        fraction = run.progress.fraction if run.progress else 0.0
        st.progress(fraction, text=formats.progress(run.progress) if run.progress else progress.place(run))
    if len(active) > 1:
        st.caption(f"{formats.count(len(active) - 1, 'more run')} waiting")
    st.caption(_device())
    if copy := runs.copy_before_upgrade():
        st.caption(
            f":material/info: MLflow upgraded the run store, so an older MLflow cannot open it. The copy from before: "
            f"`{copy}`"
        )


def _device() -> str:
    try:
        if server.engine.get() is None:
            return ":material/hourglass_empty: Starting the engine"
    except LabError as error:
        return f":material/error: {formats.message(error.received)}"
    hardware = server.throughput.hardware()
    device = hardware["gpu"] or f"{formats.cpu(hardware['cpu'])}, {hardware['cores']} cores"
    return f":material/memory: {device} · {hardware['memory_gb']:.0f} GB"
