"""Heads: classifiers that learn from features."""

from core.heads.head import Head, Labelled, Layer, Options, moments
from core.heads.heads import METHODS, WITH_LAYERS, fit, has_layers, load
from core.heads.text import Scaling, TextHead

__all__ = [
    "METHODS",
    "WITH_LAYERS",
    "Head",
    "Labelled",
    "Layer",
    "Options",
    "Scaling",
    "TextHead",
    "fit",
    "has_layers",
    "load",
    "moments",
]
