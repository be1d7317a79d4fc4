"""The code of a run: a Python script and a notebook for teaching that repeat it with Keras and NumPy alone.

A run determines only which snippets are used and the constants at the top, so that the code reads as if written for a
lecture. It chooses the training images by the rule of `core.data.splits`, written out, rather than from a list of row
ids: twenty lines work for every dataset, show what stratified means, and keep working when a constant is changed. A
checksum tells whether they are still the run's images.

    python_script(run), notebook(run) <- _sections(run): title, text and code of each

The network's part is in `core.export.script.network`.
"""

import json
import textwrap
import zlib
from dataclasses import dataclass

import numpy as np

from core import protocol, quoting, runs, settings
from core.config import TITLES, ZERO_SHOT
from core.data import cifar, datasets
from core.data import dataset as stored
from core.errors import RunError
from core.export.script import network

WIDTH = 100  # characters; what fits on one line of a projector


@dataclass(frozen=True)
class Section:
    """A heading, a few sentences and the code under them."""

    title: str
    text: str
    code: str


def python_script(run: runs.Run) -> str:
    """A `.py` file with cells (`# %%`) that editors recognise.

    Raises:
        RunError: The run has no result to repeat.
        DatasetError: Its dataset is no longer on this machine.
    """
    sections = _sections(run)
    title, introduction = quoting.docstring(_title(run)), quoting.docstring(_wrap(_introduction(run)))
    parts = [f'"""{title}\n\n{introduction}\n"""']
    for section in sections:
        comment = textwrap.indent(_wrap(section.text), "# ")
        parts.append(f"# %% {section.title}\n{comment}\n\n{section.code.strip()}")
    return "\n\n".join(parts) + "\n"


def notebook(run: runs.Run) -> str:
    """The same as a Jupyter notebook (nbformat 4.5); raises the same errors."""
    sections = _sections(run)
    cells = [_cell("markdown", f"# {quoting.markdown(_title(run))}\n\n{quoting.markdown(_introduction(run))}")]
    for section in sections:
        cells.append(_cell("markdown", f"## {section.title}\n\n{section.text}"))
        cells.append(_cell("code", section.code.strip()))
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"
    metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    return json.dumps({"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}, indent=1)


def _cell(kind: str, source: str) -> dict:
    cell = {"cell_type": kind, "metadata": {}, "source": source.splitlines(keepends=True)}
    return cell | ({"execution_count": None, "outputs": []} if kind == "code" else {})


def _title(run: runs.Run) -> str:
    return f"{run.config.backbone} on {run.config.dataset}: {TITLES[run.config.method].lower()}"


def _introduction(run: runs.Run) -> str:
    outcome = run.tested()
    versions = outcome.versions
    titles = {"keras": "Keras", "tensorflow": "TensorFlow"}
    software = " and ".join(f"{title} {versions[name]}" for name, title in titles.items() if name in versions)
    return (
        f"Repeats a run of Backbone Lab with Keras and NumPy alone. The run: {outcome.protocol}. It got "
        f"{outcome.accuracy:.1%} of its test images right (95 % interval {outcome.accuracy_low:.1%} to "
        f"{outcome.accuracy_high:.1%}), measured on {outcome.hardware} with {software}."
    )


def _sections(run: runs.Run) -> list[Section]:
    if run.outcome is None:
        raise RunError(f"Run {run.name} is {run.status}: there is nothing to repeat", "a finished run")
    if run.config.method == ZERO_SHOT:
        raise RunError(
            f"Run {run.name} is zero-shot: its script would need the text tower and its tokenizer",
            "a probe, a fine-tune or a network trained from scratch",
            "Take the Keras file, in which the prompts are the last layer",
        )
    if run.config.teacher:
        raise RunError(
            f"Run {run.name} learned from a teacher, without which its script could not repeat it",
            "a run without a teacher",
            "Take its model, or repeat it here: Use these settings",
        )
    dataset = datasets.load(run.config.dataset)
    rows = protocol.choose_rows(dataset, run.config)
    return [
        Section(
            "Settings",
            "Everything that determines the result. Change one setting, run the code again, and see what changes.",
            _constants(run, dataset, rows),
        ),
        Section("The images", _SPLITS_TEXT, _images(run, dataset)),
        *(Section(*piece) for piece in network.pieces(run)),
        Section(
            "How good is it?",
            "Measured on images that influenced nothing so far. The interval shows how much the accuracy could vary by "
            "chance with this number of test images (Wilson, 95 %).",
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
        lines.append(f"N_TRAIN, N_VAL = {outcome.n_train:_}, {outcome.n_val:_}  # images, stratified by class")
    if config.n_test:
        lines.append(f"N_TEST = {outcome.n_test:_}")
    lines.append(f"SEED = {config.seed}  # for the choice of images and everything random in training")
    lines += network.constants(run)
    lines.append("")
    lines.append(f"RUN_ACCURACY = {outcome.accuracy:.4f}  # the run's, to compare with")
    lines.append(f"RUN_IMAGES = {_checksum(dataset, rows)}  # checksum of the images it used")
    return "\n".join(lines)


def _literals(names: tuple[str, ...]) -> list[str]:
    """Lines of a list, one literal per name, since folder names can contain anything."""
    lines, line = [], ""
    for name in names:
        literal = f"{quoting.python(name)}, "
        if line and len(line) + len(literal) > WIDTH:
            lines.append(line)
            line = ""
        line += literal
    return [f"    {line.rstrip()}" for line in [*lines, line]]


def _source(dataset: datasets.Dataset) -> list[str]:
    """The constant with the path of the images; no line where Keras downloads them."""
    if dataset.name == datasets.SAMPLE:
        path = settings.ASSETS / "cifar10_sample.npz"
        return [f"DATA = {_path(path)}  # shipped with Backbone Lab: 2,500 images of CIFAR-10"]
    npz = stored.root() / f"{dataset.name}.npz"
    if dataset.name in cifar.CIFAR and npz.is_file():
        return [f"DATA = {_path(npz)}  # the same as keras.datasets.{dataset.name}"]
    if dataset.name in cifar.CIFAR:
        return []
    return [f"DATA = {_path(stored.root() / dataset.name)}  # images as Backbone Lab imported them"]


def _path(path) -> str:
    return quoting.python(str(path))


def _checksum(dataset: datasets.Dataset, rows: dict[str, np.ndarray]) -> int:
    """Checksum of the chosen rows and their labels, short enough to repeat in a script."""
    chosen = np.concatenate([rows["train"], rows["val"], rows["test"]])
    return zlib.crc32(np.stack([chosen, dataset.labels[chosen]]).astype("<i8").tobytes())


# Images


def _images(run: runs.Run, dataset: datasets.Dataset) -> str:
    config, cuts = run.config, []
    given = {split for split in ("val", "test") if np.any(dataset.official == split)}
    if dataset.name == datasets.SAMPLE or dataset.name in cifar.CIFAR:
        from_keras = _LOAD_KERAS.replace("DATASET", dataset.name)
        load = _LOAD_NPZ if _source(dataset) else from_keras
    else:
        load = _LOAD_FOLDER.replace("SIZE", str(dataset.images.shape[1]))
        others = " & ".join(f'(official != "{split}")' for split in sorted(given))
        load += f"training = np.flatnonzero({others})\n" if given else "training = np.arange(len(labels))\n"
        load += "".join(f'{split} = np.flatnonzero(official == "{split}")\n' for split in sorted(given))
    if "test" not in given:
        cuts.append("test, training = cut(training, 0.2)")
    cuts.append("train = training" if "val" in given else "val, train = cut(training, 0.1)")
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
    parts = [load, *functions, "\n".join(cuts) + "\n" + _CHECK]
    return "\n\n\n".join(part.strip() for part in parts)


def _even(dataset: datasets.Dataset) -> bool:
    """Whether every share of every class is a whole number of images, so that nothing is rounded."""
    parts = datasets.splits(dataset)
    train = np.concatenate([parts["train"], parts["val"]])
    for rows, share in ((train, 0.1), (parts["train"], 0.2)):
        exact = np.bincount(dataset.labels[rows]) * share
        if not np.allclose(exact, np.round(exact), atol=1e-9) or not np.any(dataset.official == "test"):
            return False
    return True


_SPLITS_TEXT = (
    "Validation images are taken from the training images, and all choices are made on them. "
    "Test images are used once, at the very end."
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
    labels, official = file["labels"], file["official"]  # official: train, val, test, or "" for none
images = np.memmap(f"{DATA}/images.raw", np.uint8, mode="r").reshape(-1, SIZE, SIZE, 3)
"""

_CUT_EVENLY = '''
rng = np.random.default_rng(0)


def cut(rows, share):
    """Split rows at random into a share of every class, and the rest."""
    parts = [rng.permutation(rows[labels[rows] == label]) for label in range(len(CLASS_NAMES))]
    taken = np.sort(np.concatenate([part[: round(share * len(part))] for part in parts]))
    return taken, np.setdiff1d(rows, taken)
'''

_CUT = '''
rng = np.random.default_rng(0)


def cut(rows, share):
    """Split rows at random into a share of every class, at least one image each, and the rest."""
    exact = np.bincount(labels[rows], minlength=len(CLASS_NAMES)) * share
    counts = np.maximum(np.floor(exact + 1e-9), 1).astype(int)
    missing = max(round(exact.sum()) - counts.sum(), 0)  # the largest remainders are rounded up instead
    counts[np.argsort(counts - exact, kind="stable")[:missing]] += 1
    parts = [rng.permutation(rows[labels[rows] == label])[:n] for label, n in enumerate(counts)]
    taken = np.sort(np.concatenate(parts))
    return taken, np.setdiff1d(rows, taken)
'''

_SOME = '''
def some(rows, n, seed):
    """n of the rows at random, stratified by class; a smaller sample is contained in a larger one."""
    rows = np.random.default_rng(seed).permutation(rows)
    rank = np.empty(len(rows))  # 0 for the first of its class, towards 1 for its last
    for label in range(len(CLASS_NAMES)):
        in_class = labels[rows] == label
        rank[in_class] = np.arange(in_class.sum()) / max(in_class.sum(), 1)
    return rows[np.argsort(rank, kind="stable")[:n]]
'''

_CHECK = """
chosen = np.concatenate([train, val, test])
same = zlib.crc32(np.stack([chosen, labels[chosen]]).astype("<i8").tobytes()) == RUN_IMAGES
print(f"{len(train):,} training, {len(val):,} validation, {len(test):,} test images:",
      "those of the run" if same else "not those of the run, so the accuracy will differ")
"""

_TEST = '''
def accuracy(rows, probabilities):
    """Share of correct predictions, and its 95 % interval."""
    right, n, z = np.mean(labels[rows] == probabilities.argmax(axis=1)), len(rows), 1.96
    centre = (right + z**2 / (2 * n)) / (1 + z**2 / n)
    margin = z * np.sqrt(right * (1 - right) / n + z**2 / (4 * n**2)) / (1 + z**2 / n)
    return right, max(centre - margin, 0.0), min(centre + margin, 1.0)


right, low, high = accuracy(test, predict(test))
print(f"accuracy {right:.4f} (95 % interval {low:.4f} to {high:.4f}) on {len(test):,} test images")
print(f"the run: {RUN_ACCURACY:.4f}")
'''


def _wrap(text: str) -> str:
    return "\n".join(textwrap.wrap(text, WIDTH - 2, break_long_words=False, break_on_hyphens=False))
