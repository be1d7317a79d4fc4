"""The other tabs of Zero-shot: captions for a photo, search by text, new classes, images compared with texts."""

import numpy as np
import streamlit as st

from core.data.datasets import Dataset
from core.errors import LabError
from core.zero_shot import classifier, prompts
from core.zero_shot.queries import Matches
from dashboard import server
from dashboard.ui import components, formats, photo_picker
from dashboard.zero_shot import charts, shared

CAPTIONS = "a photo of an airplane\na photo of a dog"
AT_MOST = 24  # photos at once
OF_MATRIX = 12  # images


def captions(model: str) -> None:
    """The book's example: two captions, one photo."""
    left, right = st.columns([2, 3], gap="large")
    with left:
        photo = photo_picker.choose(first="test")
    with right:
        lines = shared.text("captions", "Captions, one per line", CAPTIONS, height=120)
        texts = tuple(dict.fromkeys(line.strip() for line in lines.splitlines() if line.strip()))
        if photo is None or not texts:
            components.empty("Nothing to compare", "Choose a photo and write at least one caption.")
            return
        result = server.zero_shot.compare(model, [photo.pixels], [photo.digest], texts)
        if result is None:
            shared.wait()
            return
        shared.cut(result.cut)
        shares = classifier.probabilities(result.cosines, result.scaling)[0]
        best = int(shares.argmax())
        st.markdown(
            f"Of {formats.count(len(texts), 'caption')}, **{texts[best]}** is nearest to this photo: "
            f"{formats.percent(shares[best])} {shared.HOW[result.scaling.activation]}."
        )
        figure = charts.answers(texts, result.cosines[0], shares)
        components.chart(figure, key="zero-shot-captions", alt=f"Nearest: {texts[best]}")
        st.caption(f"Encoding took {formats.milliseconds(result.seconds)}. {shared.explain(result.scaling)}")


def search(model: str, name: str, dataset: Dataset) -> None:
    """The validation images nearest to a text, and to an image."""
    query = st.text_input("Describe an image", "a photo of a ship", key="zero-shot-search").strip()
    if not query:
        components.empty("Nothing to search for", "Write a word or a sentence above.", icon=":material/search:")
        return
    result = server.zero_shot.search(model, name, query)
    if result is None:
        shared.wait()
        return
    scored = [
        f"{formats.plain(dataset.class_names[dataset.labels[row]])} {value:.2f}"
        for row, value in zip(*_pairs(result), strict=True)
    ]
    st.markdown(
        f"The {formats.count(len(result.rows), 'validation image')} nearest to *{formats.plain(query)}*, nearest first:"
    )
    shared.image_row(dataset, result.rows, scored)
    st.subheader("Nearest to an image", anchor=False)
    row = st.selectbox("Row id of one of these images", result.rows, key="zero-shot-like")
    near = server.zero_shot.alike(model, name, int(row))
    if near is None:
        shared.wait()
        return
    st.image(components.thumbnail(dataset.images[row], 160), caption=f"Image {row}", width=160)
    near_captions = [
        f"{formats.plain(dataset.class_names[dataset.labels[row]])} {value:.2f}"
        for row, value in zip(*_pairs(near), strict=True)
    ]
    shared.image_row(dataset, near.rows, near_captions)


def new_classes(model: str) -> None:
    """Classes that no network here was trained on, on the visitor's photos."""
    left, right = st.columns([4, 8], gap="large")
    with left:
        lines = shared.text("new-names", "New class names, one per line", "airplane\nfrog\ntruck\npizza")
        names = prompts.class_names(lines)
        templates = prompts.templates(st.session_state.get("kept-templates") or "single")
        st.caption(f"With {formats.count(len(templates), 'template')} from the tab Prompts.")
        files = st.file_uploader("Your photos", photo_picker.TYPES, accept_multiple_files=True, key="zero-shot-uploads")
    with right:
        if not files:
            components.empty("No photos yet", "Upload some: no training is needed.", icon=":material/photo_library:")
            return
        pictures, titles = [], []
        for file in files[:AT_MOST]:
            try:
                pictures.append(server.explain.picture(file.getvalue(), file.name))
                titles.append(file.name)
            except LabError as error:
                components.show_error(error)
        if not pictures:
            return
        result = server.zero_shot.classify(
            model, pictures, [photo_picker.name(picture) for picture in pictures], names, templates
        )
        if result is None:
            shared.wait()
            return
        shared.cut(result.cut)
        shares = classifier.probabilities(result.cosines, result.scaling)
        for index, (picture, title) in enumerate(zip(pictures, titles, strict=True)):
            with st.container(border=True):
                image, bars = st.columns([1, 3], vertical_alignment="center")
                image.image(picture, caption=formats.plain(title), width="stretch")
                with bars:
                    figure = charts.answers(names, result.cosines[index], shares[index])
                    components.chart(
                        figure, key=f"zero-shot-new-{index}", alt=f"{title}: {names[shares[index].argmax()]}"
                    )
        st.caption(shared.explain(result.scaling))
        if len(files) > AT_MOST:
            st.caption(f"The first {AT_MOST} of {len(files)} photos.")


def matrix(model: str, dataset: Dataset) -> None:
    """A few validation images against a text for each class."""
    classes = dataset.class_names[:OF_MATRIX]
    lines = shared.text(
        "matrix-texts", "Texts, one per line", "\n".join(prompts.fill(prompts.of_set("single"), classes))
    )
    texts = tuple(dict.fromkeys(line.strip() for line in lines.splitlines() if line.strip()))[: 2 * OF_MATRIX]
    if not texts:
        components.empty("No texts", "Write at least one.")
        return
    among = server.datasets.splits(dataset)["val"]
    examples = (among[dataset.labels[among] == label][:1] for label in range(len(classes)))
    rows = np.concatenate(list(examples))
    images = [dataset.images[row] for row in rows]
    result = server.zero_shot.compare(model, images, [f"{dataset.fingerprint}-{row}" for row in rows], texts)
    if result is None:
        shared.wait()
        return
    shared.cut(result.cut)
    titles = [f"{dataset.class_names[dataset.labels[row]]} {row}" for row in rows]
    shared.image_row(dataset, rows, [formats.plain(title) for title in titles])
    components.chart(charts.matrix(titles, texts, result.cosines), key="zero-shot-matrix", alt="Images against texts")
    st.caption("A frame marks each image's nearest text. The first validation image of each class.")


def _pairs(matches: Matches) -> tuple[list[int], list[float]]:
    return matches.rows.tolist(), matches.cosines.tolist()
