"""CLIP's checkpoints on disk: where to look for them, where to download them, and which files they consist of.

Two layouts are read, each a folder:

    Hugging Face   config.json, model.safetensors or pytorch_model.bin, vocab.json, merges.txt
    KerasHub       config.json, model.weights.h5, assets/tokenizer/vocabulary.json, assets/tokenizer/merges.txt
"""

import contextlib
import os
import threading
from concurrent.futures import Future, wait
from pathlib import Path
from typing import Any

from core import settings
from core.backbones.catalog import Backbone
from core.backbones.clip.towers import SHAPES
from core.errors import Stopped, WeightsError
from core.progress import Progress, Report

LOOK = 0.5  # seconds between checks of a download's progress
SAFETENSORS, TORCH, KERAS = "model.safetensors", "pytorch_model.bin", "model.weights.h5"


def here(facts: Backbone) -> Path | None:
    """The folder of the published weights on this machine: shipped, in the home folder, in a cache; None: nowhere."""
    name = facts.weights_file
    folders = [settings.ASSETS / name, settings.home() / "weights" / name]
    cached = _hugging_face() / f"models--{Path(facts.weights_folder).name}--{name}" / "snapshots"
    folders += sorted(cached.glob("*")) if facts.weights_folder else []
    preset = SHAPES[facts.name].preset
    folders += _kaggle_presets(preset) if preset else []
    return next((folder for folder in folders if _layout(folder)), None)


def weights_file(folder: Path, facts: Backbone) -> Path:
    """The file that holds the weights.

    Raises:
        WeightsError: The folder is missing, or has neither of the two layouts.
    """
    checkpoint = _layout(folder)
    if not checkpoint:
        state = "has no weights of a CLIP" if folder.is_dir() else "is no folder"
        raise WeightsError(f"{folder} {state}", f"config.json and {SAFETENSORS}, {TORCH} or {KERAS}", remedy(facts))
    return checkpoint


def file(folder: Path, name: str) -> Path:
    """A file of a folder; of a snapshot in the cache of Hugging Face, one that only another snapshot has.

    A program that asks for the safetensors of a repository without any gets a snapshot of its own for them.
    """
    here = folder / name
    if here.is_file() or folder.parent.name != "snapshots":
        return here
    return next((path for path in sorted(folder.parent.glob(f"*/{name}")) if path.is_file()), here)


def vocabulary(folder: Path) -> tuple[Path, Path]:
    """The files of the vocabulary and the merges.

    Raises:
        WeightsError: One is missing.
    """
    for words, merges in (
        (file(folder, "vocab.json"), file(folder, "merges.txt")),
        (folder / "assets" / "tokenizer" / "vocabulary.json", folder / "assets" / "tokenizer" / "merges.txt"),
    ):
        if words.is_file() and merges.is_file():
            return words, merges
    raise WeightsError(
        f"{folder} has no vocabulary", "vocab.json and merges.txt", "Put them there, beside the weights they belong to"
    )


def remedy(facts: Backbone) -> str:
    """The three ways to get the weights, with their commands."""
    if not facts.weights_folder:
        return "Restore assets/toy_clip from the repository"
    repository, weights = f"{Path(facts.weights_folder).name}/{facts.weights_file}", settings.home() / "weights"
    return (
        f"Run `hf download {repository} --local-dir {weights / facts.weights_file}` where there is a "
        f"network and copy the folder here; or give the path of a KerasHub preset of {SHAPES[facts.name].preset}; "
        f"or connect to the internet and run `python -m core warm --backbones {facts.name}`"
    )


def bring(facts: Backbone) -> str:
    """How to bring the weights by hand, as half a sentence: the address of the files, and the folder for them."""
    repository = f"https://huggingface.co/{Path(facts.weights_folder).name}/{facts.weights_file}"
    return f"put the files of {repository} into {settings.home() / 'weights' / facts.weights_file}"


def download(facts: Backbone, report: Report) -> Path:
    """KerasHub's preset, from Kaggle.

    Raises:
        WeightsError: It cannot be fetched; says which files to put where.
    """
    preset = SHAPES[facts.name].preset
    if not preset:
        raise WeightsError("The shipped weights of ToyCLIP are missing", "assets/toy_clip", remedy(facts))
    report(Progress("download", 0, 0, "bytes"))
    try:
        from keras_hub.models import CLIPBackbone

        presets: Any = CLIPBackbone.presets
        description = presets[preset]
        total = 4 * description["metadata"]["params"]  # bytes of float32
        folder = _fetched(description["kaggle_handle"].removeprefix("kaggle://"), _kaggle() / preset, total, report)
    except Stopped:
        raise
    except Exception as error:  # without a network, libraries raise all kinds of errors
        raise WeightsError(
            f"The weights of {facts.name} are not here and cannot be downloaded ({type(error).__name__}): "
            f"{bring(facts)}"
        ) from error
    report(Progress("download", total, total, "bytes"))
    return folder


def _fetched(handle: str, target: Path, total: int, report: Report) -> Path:
    """Download in a thread: Kaggle's library reports no progress, so it is measured from the files on disk."""
    import kagglehub

    result: Future = Future()

    def fetch() -> None:
        try:
            result.set_result(Path(kagglehub.model_download(handle)))
        except BaseException as error:
            result.set_exception(error)

    threading.Thread(target=fetch, name="download", daemon=True).start()
    while not wait([result], timeout=LOOK).done:
        report(Progress("download", min(_bytes(target), total), total, "bytes"))
    return result.result()


def _bytes(folder: Path) -> int:
    size = 0
    for file in folder.rglob("*"):
        with contextlib.suppress(OSError):  # an archive just unpacked and deleted
            size += file.stat().st_size
    return size


def _layout(folder: Path) -> Path | None:
    """The weights file, if a folder has one of the two layouts."""
    if (folder / "config.json").is_file() and (folder / KERAS).is_file():
        return folder / KERAS
    if not file(folder, "config.json").is_file():
        return None
    return next((path for name in (SAFETENSORS, TORCH) if (path := file(folder, name)).is_file()), None)


def _hugging_face() -> Path:
    home = Path(os.environ.get("HF_HOME") or "~/.cache/huggingface").expanduser()
    return Path(os.environ.get("HF_HUB_CACHE") or home / "hub").expanduser()


def _kaggle_presets(preset: str) -> list[Path]:
    """The versions of a preset that are whole, the newest first: Kaggle's library marks them by a file beside them."""
    marks = sorted((_kaggle() / preset).glob("*.complete"), key=lambda mark: (len(mark.name), mark.name), reverse=True)
    return [mark.with_suffix("") for mark in marks]


def _kaggle() -> Path:
    cache = Path(os.environ.get("KAGGLEHUB_CACHE") or "~/.cache/kagglehub").expanduser()
    return cache / "models" / "keras" / "clip" / "keras"
