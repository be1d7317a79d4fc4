"""The code of a run: a Python script and a notebook that repeat it with Keras and NumPy alone, to teach with.

What is written depends on the run only in which pieces it has and in the constants on top, so that a piece reads like
code somebody wrote for the lecture. The training images are chosen by the rule of `core.data.splits`, written out, and
not by a list of row ids: twenty lines hold for every dataset, show what stratified means, and go on working when
somebody changes a constant. A checksum says whether they are still the run's images.

    python_script(run), notebook(run) <- _sections(run): title, words and code of each

The network's part is in `core.export.script.network`.
"""

import json
import textwrap
import zlib
from dataclasses import dataclass

import numpy as np

from core import protocol, runs, settings
from core.config import TITLES, ZERO_SHOT
from core.data import cifar, datasets
from core.data import dataset as stored
from core.errors import RunError
from core.export.script import network

WIDTH = 100  # characters; what a projector shows in one line


@dataclass(frozen=True)
class Section:
    """A heading, a few sentences and the code under them."""

    title: str
    words: str
    code: str


def python_script(run: runs.Run) -> str:
    """A `.py` file; its cells are marked as editors know them (`# %%`).

    Raises:
        RunError: The run has no result to repeat.
        DatasetError: Its dataset is not on this machine any more.
    """
    sections = _sections(run)
    parts = [f'"""{_title(run)}\n\n{_wrap(_about(run))}\n"""']
    for section in sections:
        words = textwrap.indent(_wrap(section.words), "# ")
        parts.append(f"# %% {section.title}\n{words}\n\n{section.code.strip()}")
    return "\n\n".join(parts) + "\n"


def notebook(run: runs.Run) -> str:
    """The same as a Jupyter notebook (nbformat 4.5); errors as for the script."""
    sections = _sections(run)
    cells = [_cell("markdown", f"# {_title(run)}\n\n{_about(run)}")]
    for section in sections:
        cells.append(_cell("markdown", f"## {section.title}\n\n{section.words}"))
        cells.append(_cell("code", section.code.strip()))
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"
    about = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    return json.dumps({"cells": cells, "metadata": about, "nbformat": 4, "nbformat_minor": 5}, indent=1)


def _cell(kind: str, source: str) -> dict:
    cell = {"cell_type": kind, "metadata": {}, "source": source.splitlines(keepends=True)}
    return cell | ({"execution_count": None, "outputs": []} if kind == "code" else {})


def _title(run: runs.Run) -> str:
    return f"{run.config.backbone} on {run.config.dataset}: {TITLES[run.config.method].lower()}"


def _about(run: runs.Run) -> str:
    outcome = run.tested()
    versions = outcome.versions
    titles = {"keras": "Keras", "tensorflow": "TensorFlow"}
    made = " and ".join(f"{title} {versions[name]}" for name, title in titles.items() if name in versions)
    return (
        f"Repeats a run of Backbone Lab with Keras and NumPy alone. The run: {outcome.protocol}. It got "
        f"{outcome.accuracy:.1%} of its test images right (95 % interval {outcome.accuracy_low:.1%} to "
        f"{outcome.accuracy_high:.1%}), measured on {outcome.hardware} with {made}."
    )


def _sections(run: runs.Run) -> list[Section]:
    if run.outcome is None:
        raise RunError(f"Run {run.name} is {run.status}: there is nothing to repeat", "a finished run")
    if run.config.method == ZERO_SHOT:
        raise RunError(
            f"Run {run.name} is zero-shot: a script of it would need CLIP's text tower and its tokens",
            "a probe, a fine-tune or a network trained from scratch",
            "Take the Keras file, in which the prompts are the last layer",
        )
    dataset = datasets.load(run.config.dataset)
    rows = protocol.choose_rows(dataset, run.config)
    return [
        Section(
            "What the run was",
            "All that decides the result. Change one thing, run it again, and see what it did.",
            _constants(run, dataset, rows),
        ),
        Section("The images", _SPLITS_WORDS, _images(run, dataset, rows)),
        *(Section(*piece) for piece in network.pieces(run)),
        Section(
            "How good is it?",
            "On images that decided nothing so far. The interval says how far chance alone could have moved the share "
            "of right answers, with so many test images (Wilson, 95 %).",
            _TEST,
        ),
    ]


# Constants


def _constants(run: runs.Run, dataset: datasets.Dataset, rows: dict[str, np.ndarray]) -> str:
    config, outcome = run.config, run.tested()
    lines = ["import json"] if network.reads_tensors(config) else []
    lines += ["import zlib", "", "import keras", "import numpy as np", ""]
    lines += _source(dataset)
    lines += ["CLASS_NAMES = [", *_literals(dataset.class_names), "]"]
    if config.n_train:
        lines.append(f"N_TRAIN, N_VAL = {outcome.n_train:_}, {outcome.n_val:_}  # images, every class with its share")
    if config.n_test:
        lines.append(f"N_TEST = {outcome.n_test:_}")
    lines.append(f"SEED = {config.seed}  # of the choice of images and of all chance in training")
    lines += network.constants(run)
    lines.append("")
    lines.append(f"RUN_ACCURACY = {outcome.accuracy:.4f}  # what the run got, to compare with")
    lines.append(f"RUN_IMAGES = {_checksum(dataset, rows)}  # checksum of the images it used")
    return "\n".join(lines)


def _literals(names: tuple[str, ...]) -> list[str]:
    """Lines of a list, each name a literal of its own: a name is whatever somebody called a folder."""
    lines, line = [], ""
    for name in names:
        literal = f"{name!r}, "
        if line and len(line) + len(literal) > WIDTH:
            lines.append(line)
            line = ""
        line += literal
    return [f"    {line.rstrip()}" for line in [*lines, line]]


def _source(dataset: datasets.Dataset) -> list[str]:
    """The constant that says where the images are; none where Keras fetches them."""
    if dataset.name == datasets.SAMPLE:
        path = settings.ASSETS / "cifar10_sample.npz"
        return [f"DATA = {_path(path)}  # shipped with Backbone Lab: 2,500 images of CIFAR-10"]
    npz = stored.root() / f"{dataset.name}.npz"
    if dataset.name in cifar.CIFAR and npz.is_file():
        return [f"DATA = {_path(npz)}  # keras.datasets.{dataset.name} has the same"]
    if dataset.name in cifar.CIFAR:
        return []
    return [f"DATA = {_path(stored.root() / dataset.name)}  # images as Backbone Lab imported them"]


def _path(path) -> str:
    return json.dumps(str(path), ensure_ascii=False)


def _checksum(dataset: datasets.Dataset, rows: dict[str, np.ndarray]) -> int:
    """Of the chosen rows and their labels, by a formula short enough for a script."""
    chosen = np.concatenate([rows["train"], rows["val"], rows["test"]])
    return zlib.crc32(np.stack([chosen, dataset.labels[chosen]]).astype("<i8").tobytes())


# Images


def _images(run: runs.Run, dataset: datasets.Dataset, rows: dict[str, np.ndarray]) -> str:
    config, cuts = run.config, []
    own = {split for split in ("val", "test") if np.any(dataset.official == split)}
    if dataset.name == datasets.SAMPLE or dataset.name in cifar.CIFAR:
        from_keras = _LOAD_KERAS.replace("DATASET", dataset.name)
        load = _LOAD_NPZ if _source(dataset) else from_keras
    else:
        load = _LOAD_FOLDER.replace("SIZE", str(dataset.images.shape[1]))
        others = " & ".join(f'(official != "{split}")' for split in sorted(own))
        load += f"training = np.flatnonzero({others})\n" if own else "training = np.arange(len(labels))\n"
        load += "".join(f'{split} = np.flatnonzero(official == "{split}")\n' for split in sorted(own))
    if "test" not in own:
        cuts.append("test, training = cut(training, 0.2)")
    cuts.append("train = training" if "val" in own else "val, train = cut(training, 0.1)")
    if config.train_split == "probe20":
        cuts.append("train, _ = cut(train, 0.2)")
    if config.train_split == "finetune80":
        cuts.append("_, train = cut(train, 0.2)")
    if config.n_train:
        cuts += ["train = some(train, N_TRAIN, SEED)", "val = some(val, N_VAL, SEED)"]
    if config.n_test:
        cuts.append("test = some(test, N_TEST, 0)  # the same for every seed")
    cut = _CUT_EVENLY if _even(dataset) else _CUT
    functions = [cut] + ([_SOME] if config.n_train or config.n_test else [])
    return "\n\n\n".join([load.strip(), *(each.strip() for each in functions), "\n".join(cuts) + "\n" + _CHECK.strip()])


def _even(dataset: datasets.Dataset) -> bool:
    """Whether every share of every class is a whole number, so that nothing has to be rounded."""
    parts = datasets.splits(dataset)
    train = np.concatenate([parts["train"], parts["val"]])
    for rows, share in ((train, 0.1), (parts["train"], 0.2)):
        exact = np.bincount(dataset.labels[rows]) * share
        if not np.allclose(exact, np.round(exact), atol=1e-9) or not np.any(dataset.official == "test"):
            return False
    return True


_SPLITS_WORDS = (
    "Validation images are cut from the training images: whatever has to be chosen is chosen by them. "
    "Test images are looked at once, at the very end."
)

_LOAD_NPZ = """
with np.load(DATA) as file:
    x_train, y_train, x_test, y_test = (file[name] for name in ("x_train", "y_train", "x_test", "y_test"))
images = np.concatenate([x_train, x_test])  # (n, 32, 32, 3), 0 to 255
labels = np.concatenate([y_train, y_test]).reshape(-1).astype(int)
training, test = np.split(np.arange(len(images)), [len(x_train)])  # row numbers
"""

_LOAD_KERAS = """
(x_train, y_train), (x_test, y_test) = keras.datasets.DATASET.load_data()
images = np.concatenate([x_train, x_test])  # (n, 32, 32, 3), 0 to 255
labels = np.concatenate([y_train, y_test]).reshape(-1).astype(int)
training, test = np.split(np.arange(len(images)), [len(x_train)])  # row numbers
"""

_LOAD_FOLDER = """
with np.load(f"{DATA}/rows.npz") as file:
    labels, official = file["labels"], file["official"]  # official: train, val, test, or "" for no say
images = np.memmap(f"{DATA}/images.raw", np.uint8, mode="r").reshape(-1, SIZE, SIZE, 3)
"""

_CUT_EVENLY = '''
rng = np.random.default_rng(0)


def cut(rows, share):
    """Part rows by chance into a share of every class, and the rest."""
    parts = [rng.permutation(rows[labels[rows] == label]) for label in range(len(CLASS_NAMES))]
    taken = np.sort(np.concatenate([part[: round(share * len(part))] for part in parts]))
    return taken, np.setdiff1d(rows, taken)
'''

_CUT = '''
rng = np.random.default_rng(0)


def cut(rows, share):
    """Part rows by chance into a share of every class, at least one of each, and the rest."""
    exact = np.bincount(labels[rows], minlength=len(CLASS_NAMES)) * share
    counts = np.maximum(np.floor(exact + 1e-9), 1).astype(int)
    missing = max(round(exact.sum()) - counts.sum(), 0)  # rounded down so far: the largest remainders go up
    counts[np.argsort(counts - exact, kind="stable")[:missing]] += 1
    parts = [rng.permutation(rows[labels[rows] == label])[:n] for label, n in enumerate(counts)]
    taken = np.sort(np.concatenate(parts))
    return taken, np.setdiff1d(rows, taken)
'''

_SOME = '''
def some(rows, n, seed):
    """n of the rows by chance, every class with its share; fewer are always the first of more."""
    rows = np.random.default_rng(seed).permutation(rows)
    place = np.empty(len(rows))  # 0 for the first of its class, towards 1 for its last
    for label in range(len(CLASS_NAMES)):
        own = labels[rows] == label
        place[own] = np.arange(own.sum()) / max(own.sum(), 1)
    return rows[np.argsort(place, kind="stable")[:n]]
'''

_CHECK = """
chosen = np.concatenate([train, val, test])
same = zlib.crc32(np.stack([chosen, labels[chosen]]).astype("<i8").tobytes()) == RUN_IMAGES
print(f"{len(train):,} training, {len(val):,} validation, {len(test):,} test images:",
      "those of the run" if same else "not those of the run, so the accuracy will differ")
"""

_TEST = '''
def accuracy(rows, probabilities):
    """Share of right answers, and the 95 % interval around it."""
    right, n, z = np.mean(labels[rows] == probabilities.argmax(axis=1)), len(rows), 1.96
    centre = (right + z**2 / (2 * n)) / (1 + z**2 / n)
    margin = z * np.sqrt(right * (1 - right) / n + z**2 / (4 * n**2)) / (1 + z**2 / n)
    return right, centre - margin, centre + margin


right, low, high = accuracy(test, predict(test))
print(f"accuracy {right:.4f} (95 % interval {low:.4f} to {high:.4f}) on {len(test):,} test images")
print(f"the run: {RUN_ACCURACY:.4f}")
'''


def _wrap(text: str) -> str:
    return "\n".join(textwrap.wrap(text, WIDTH - 2, break_long_words=False, break_on_hyphens=False))
