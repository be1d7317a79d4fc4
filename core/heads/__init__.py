"""Heads: classifiers that learn from features."""

from core.heads.heads import METHODS, STRENGTHS, Head, Options, fit, load, moments

__all__ = ["METHODS", "STRENGTHS", "Head", "Options", "fit", "load", "moments"]
