"""Checkpoints of transformers and HGNetV2 on disk: where to look for them, and which files they consist of.

Three layouts are read, each a folder:

    Hugging Face   config.json, model.safetensors or pytorch_model.bin; large models in shards, which
                   model.safetensors.index.json lists
    OpenCLIP       open_clip_config.json, open_clip_model.safetensors or open_clip_pytorch_model.bin
    KerasHub       config.json, model.weights.h5

With a CLIP comes its vocabulary: vocab.json and merges.txt, or assets/tokenizer/vocabulary.json and merges.txt; with a
SigLIP 2 tokenizer.json, or assets/tokenizer/vocabulary.spm.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core import settings, storage
from core.backbones.catalog import HUGGING_FACE, VOCABULARY, Backbone
from core.errors import WeightsError

SAFETENSORS, TORCH, KERAS = "model.safetensors", "pytorch_model.bin", "model.weights.h5"
INDEX = f"{SAFETENSORS}.index.json"
OPEN_CLIP = "open_clip_config.json"
LAYOUTS = (  # description and weights, the better one first
    ("config.json", SAFETENSORS),
    (OPEN_CLIP, f"open_clip_{SAFETENSORS}"),
    ("config.json", INDEX),
    ("config.json", TORCH),
    (OPEN_CLIP, f"open_clip_{TORCH}"),
)


def here(spec: Backbone) -> Path | None:
    """The folder of the published weights on this machine: shipped, in the home folder, in a cache; None: nowhere."""
    name = spec.weights_file
    folders = [settings.ASSETS / name, settings.home() / "weights" / name]
    cached = _hugging_face() / f"models--{spec.repository.replace('/', '--')}" / "snapshots"
    folders += sorted(cached.glob("*")) if spec.repository and storage.is_folder(cached) else []
    folders += _kaggle_presets(spec.preset) if spec.preset else []
    return next((folder for folder in folders if _is_whole(folder, spec)), None)


def locate(spec: Backbone, path: Path) -> Path:
    """The folder that a path names; `content` checks that it holds weights."""
    return path.resolve()


def content(spec: Backbone, path: Path) -> tuple[Path, ...]:
    """The files whose content identifies the weights.

    Raises:
        WeightsError: The folder is missing or has no weights.
    """
    return parts(weights_file(path, spec), spec)


def weights_file(folder: Path, spec: Backbone) -> Path:
    """The file that holds the weights, or the index of their shards.

    Raises:
        WeightsError: The folder is missing, or has none of the layouts.
    """
    checkpoint = _layout(folder, spec)
    if not checkpoint:
        state = f"has no weights of {spec.name}" if storage.is_folder(folder) else "is no folder"
        raise WeightsError(f"{folder} {state}", f"config.json and {SAFETENSORS}, {TORCH} or {KERAS}", remedy(spec))
    return checkpoint


def parts(path: Path, spec: Backbone) -> tuple[Path, ...]:
    """The files that hold the weights: of an index its shards, otherwise the file itself.

    Raises:
        WeightsError: The index cannot be read, or a shard is missing.
    """
    if path.name != INDEX:
        return (path,)
    files = tuple(path.parent / name for name in shards(path, spec))
    if missing := [shard.name for shard in files if not storage.is_file(shard)]:
        raise WeightsError(
            f"{path.parent} lacks {missing[0]}" + (f" and {len(missing) - 1} more" if missing[1:] else ""),
            f"the {len(files)} files that {INDEX} lists",
            remedy(spec),
        )
    return files


def shards(index: Path, spec: Backbone) -> list[str]:
    """The names of the files that an index lists.

    Raises:
        WeightsError: It cannot be read.
    """
    listed = read_config(index, spec).get("weight_map")
    names = list(listed.values()) if isinstance(listed, dict) else []
    if not names or not all(isinstance(name, str) and name == Path(name).name not in ("", "..") for name in names):
        raise WeightsError(
            f"{index} lists no shards", "weight_map, the file of each tensor beside the index", remedy(spec)
        )
    return sorted(set(names))


def file(folder: Path, name: str) -> Path:
    """A file of a folder; of a snapshot in the cache of Hugging Face, one that only another snapshot has.

    A program that asks for the safetensors of a repository without any gets a snapshot of its own for them.
    """
    here = folder / name
    if storage.is_file(here) or folder.parent.name != "snapshots":
        return here
    return next((path for path in sorted(folder.parent.glob(f"*/{name}")) if storage.is_file(path)), here)


def description(folder: Path, spec: Backbone, kind: str, *, key: str = "model_type") -> dict[str, Any]:
    """What config.json in a folder of Hugging Face says of a model.

    Args:
        kind: What it has to say under `key`, by which Transformers and timm know a model.

    Raises:
        WeightsError: It cannot be read, or is of another kind of model.
    """
    config = read_config(file(folder, "config.json"), spec)
    if config.get(key) != kind:
        raise WeightsError(
            f"{folder} holds a model of type {config.get(key)!r}",
            kind,
            "Choose the folder of this model",
        )
    return config


def read_config(path: Path, spec: Backbone) -> dict[str, Any]:
    """The content of a description.

    Raises:
        WeightsError: It cannot be read.
    """
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(config, dict):
            raise ValueError(f"it is a {type(config).__name__}")
        return config
    except (OSError, ValueError) as error:
        raise WeightsError(
            f"{path} cannot be read ({error})", f"the description of {spec.name}", remedy(spec)
        ) from error


def same(config: Mapping[str, Any], wanted: Mapping[str, tuple[Any, Any]], where: str, spec: Backbone) -> None:
    """Check what the shapes of tensors do not show: activation and number of heads.

    Args:
        wanted: Name -> the default of transformers, which a description leaves out, and the value that `spec` has.
        where: What the config is, in an error.

    Raises:
        WeightsError: A value is another one.
    """
    for key, (default, value) in wanted.items():
        if config.get(key, default) != value:
            raise WeightsError(
                f"{where} gives {key} {config.get(key, default)}",
                f"{value}, as {spec.name} has",
                "Choose the folder of this model",
            )


def kerashub_model(folder: Path, kind: str, spec: Backbone) -> Any:
    """The model in a folder of KerasHub.

    Args:
        kind: Its class in `keras_hub.models`.

    Raises:
        WeightsError: The folder is of another class, or damaged.
    """
    received = read_config(folder / "config.json", spec).get("class_name")
    if received != kind:
        raise WeightsError(f"{folder} holds a {received} of KerasHub", kind, "Choose the folder of this model")
    import keras_hub

    try:
        return getattr(keras_hub.models, kind).from_preset(str(folder), dtype="float32")
    except Exception as error:  # a damaged file: each library raises its own error
        raise WeightsError(
            f"{folder} cannot be read as a KerasHub preset of {spec.name} ({' '.join(str(error).split())[:200]})",
            f"the preset {spec.preset or spec.name}",
            remedy(spec),
        ) from error


def vocabulary(folder: Path) -> tuple[Path, Path]:
    """The files of the vocabulary and the merges.

    Raises:
        WeightsError: One is missing.
    """
    for words, merges in (
        (file(folder, VOCABULARY[0]), file(folder, VOCABULARY[1])),
        (folder / "assets" / "tokenizer" / "vocabulary.json", folder / "assets" / "tokenizer" / "merges.txt"),
    ):
        if storage.is_file(words) and storage.is_file(merges):
            return words, merges
    raise WeightsError(
        f"{folder} has no vocabulary", "vocab.json and merges.txt", "Put them there, beside the weights they belong to"
    )


def remedy(spec: Backbone) -> str:
    """The three ways to get the weights, with their commands."""
    if not spec.repository:
        return "Restore assets/toy_clip from the repository"
    weights = settings.home() / "weights"
    return (
        f"Run `hf download {spec.repository} --local-dir {weights / spec.weights_file}` where there is a "
        f"network and copy the folder here; or give the path of a KerasHub preset of {spec.preset}; "
        f"or connect to the internet and run `python -m core warm --backbones {spec.name}`"
    )


def download_hint(spec: Backbone) -> str:
    """How to bring the weights by hand, as half a sentence: the address of the files, and the folder for them."""
    folder = settings.home() / "weights" / spec.weights_file
    return f"put the files of {HUGGING_FACE}/{spec.repository} into {folder}"


def kaggle() -> Path:
    """The cache into which Kaggle's library downloads for this program."""
    return settings.home() / "weights" / "kagglehub"


def _is_whole(folder: Path, spec: Backbone) -> bool:
    """Whether a folder has one of the layouts, with all shards."""
    checkpoint = _layout(folder, spec)
    return checkpoint is not None and _has_parts(checkpoint, spec)


def _layout(folder: Path, spec: Backbone) -> Path | None:
    """The weights file, if a folder has one of the layouts: of several the first that lacks no shard."""
    if storage.is_file(folder / "config.json") and storage.is_file(folder / KERAS):
        return folder / KERAS
    paths = [file(folder, weights) for described, weights in LAYOUTS if storage.is_file(file(folder, described))]
    files = [path for path in paths if storage.is_file(path)]
    return next((path for path in files if _has_parts(path, spec)), files[0] if files else None)


def _has_parts(checkpoint: Path, spec: Backbone) -> bool:
    try:
        return bool(parts(checkpoint, spec))
    except WeightsError:
        return False


def _hugging_face() -> Path:
    home = settings.expanded(os.environ.get("HF_HOME") or "~/.cache/huggingface")
    return settings.expanded(os.environ.get("HF_HUB_CACHE") or home / "hub")


def _kaggle_presets(preset: str) -> list[Path]:
    """The versions of a preset that are whole, the newest first: Kaggle's library marks them by a file beside them."""
    caches = (kaggle(), settings.expanded(os.environ.get("KAGGLEHUB_CACHE") or "~/.cache/kagglehub"))
    marks = [
        mark
        for cache in filter(storage.is_folder, caches)
        for mark in cache.glob(f"models/keras/*/keras/{preset}/*.complete")
    ]
    newest_first = sorted(marks, key=lambda mark: (len(mark.name), mark.name), reverse=True)
    return [mark.with_suffix("") for mark in newest_first]
