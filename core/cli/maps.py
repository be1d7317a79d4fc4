"""Maps in the terminal: laid out or found, with how far to trust each."""

from argparse import Namespace
from dataclasses import asdict
from typing import Any

from core import maps
from core.cli import images, options, runs
from core.cli.bar import Bar
from core.embeddings import Source


def add(commands: Any) -> None:
    """Add the command `map`."""
    draw = options.command(commands, "map", _map, "map images by their features, and report how far to trust the map")
    options.add(draw, maps.MapConfig, Source)


def _map(parsed: Namespace) -> tuple[dict, str]:
    parsed.dataset = images.dataset_name(parsed.dataset)
    source = Source(**options.given(parsed, Source))
    with Bar() as bar:
        drawn = maps.compute(maps.MapConfig(source, **options.given(parsed, maps.MapConfig)), bar)
    quality = {name: value for name, value in drawn.quality.items() if isinstance(value, float)}
    path = maps.positions_path(drawn.key)
    lines = [
        f"{maps.METHODS[parsed.method].title} of {len(drawn.rows):,} images: "
        + ", ".join(f"{name} {value:.3f}" for name, value in quality.items()),
        f"{drawn.quality['judged']:,.0f} images judged, each against all; "
        f"{runs.durations(drawn.seconds)}, measured on {drawn.hardware}",
        *drawn.notes,
        str(path),
        f"map {drawn.key}",
    ]
    result = {name: getattr(drawn, name) for name in ("key", "quality", "explained", "seconds", "hardware", "notes")}
    result |= {"images": len(drawn.rows), "positions": path, "config": asdict(drawn.config)}
    return result, "\n".join(lines)
