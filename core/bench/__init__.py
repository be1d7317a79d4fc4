"""Benchmarks against reference implementations: `python -m core bench`."""

from core.bench.extraction import BENCHES

__all__ = ["BENCHES"]
