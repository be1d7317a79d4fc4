"""Backbones: the spec of every architecture, their networks and their weights.

catalog          the specs of all backbones
loading          a network with its weights, by name
networks         networks that are not in Keras Applications
graph            how layers are connected
blocks           the blocks of an architecture, by its own names
keras_loader     networks of Keras Applications and our own, and their weights files
keras_weights    reads .h5, .weights.h5 and .keras files
checkpoints      folders of transformers: where they are, what they consist of
checkpoint_sources  where they are published: Hugging Face, Kaggle
placeholders     files that lie where weights should
tensors          their files of tensors, safetensors or PyTorch's
torch_file       reads PyTorch's without PyTorch
clip             the two towers of a CLIP
hgnetv2          HGNetV2
hub              the vision transformers of KerasHub
siglip           the two towers of a SigLIP 2
textbook         the chapter's networks in plain Keras
"""

from core.backbones.graph import weight_layers, without_values
from core.backbones.keras_loader import complete_efficientnet_input
from core.backbones.loading import (
    BACKBONES,
    CLIP,
    PUBLISHED,
    RENAMED,
    UNTRAINED_SEED,
    Backbone,
    Weights,
    download_bytes,
    download_hint,
    file_digest,
    find_weights,
    get,
    load,
    load_text,
    loader_of,
    names,
    outline,
    own_layers,
    pretrained_names,
    published_here,
    read_model,
    scratch_names,
    text_names,
)

__all__ = [
    "BACKBONES",
    "CLIP",
    "PUBLISHED",
    "RENAMED",
    "UNTRAINED_SEED",
    "Backbone",
    "Weights",
    "complete_efficientnet_input",
    "download_bytes",
    "download_hint",
    "file_digest",
    "find_weights",
    "get",
    "load",
    "load_text",
    "loader_of",
    "names",
    "outline",
    "own_layers",
    "pretrained_names",
    "published_here",
    "read_model",
    "scratch_names",
    "text_names",
    "weight_layers",
    "without_values",
]
