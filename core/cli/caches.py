"""The caches in the terminal: filled before a lecture, listed, cleared."""

from argparse import Namespace
from dataclasses import asdict
from typing import Any

import numpy as np

from core import execute, features, maps, settings
from core.cli import images, options
from core.cli.bar import Bar
from core.config import RunConfig
from core.curriculum import lessons, tasks
from core.data import datasets
from core.features import inference
from core.zero_shot import encoder


def add(commands: Any) -> None:
    """Add the commands `warm` and `cache`."""
    defaults = RunConfig()
    warm = options.command(commands, "warm", _warm, "prepare a lecture: fetch weights and data, fill the feature cache")
    warm.add_argument("--dataset", default=defaults.dataset, metavar="NAME", help="name of a dataset")
    warm.add_argument("--backbones", nargs="+", default=[defaults.backbone], metavar="NAME", help="names of backbones")
    warm.add_argument("--input-size", type=int, default=0, metavar="PX", help="pixels; 0: each backbone's default")
    warm.add_argument("--lesson", choices=tuple(lessons.LESSONS), help="prepare everything that a lesson needs instead")

    cache = options.command(commands, "cache", _cache, "list or clear the cached features and maps")
    cache.add_argument("--clear", action="store_true", help="delete every cached feature and every map")


def _warm(parsed: Namespace) -> tuple[list[dict], str]:
    if parsed.lesson:
        with Bar() as bar:
            prepared = tasks.prepare(parsed.lesson, bar)
        done = ", ".join(prepared) if prepared else "nothing to do"
        return [{"lesson": parsed.lesson, "prepared": prepared}], f"Lesson {parsed.lesson} is ready: {done}"
    parsed.dataset = images.dataset_name(parsed.dataset)
    warmed = []
    for name in parsed.backbones:
        with Bar() as bar:
            config = RunConfig(dataset=parsed.dataset, backbone=name, input_size=parsed.input_size)
            outcome = execute.execute(config, bar).outcome
            if name in encoder.NAMES:  # zero-shot needs the features after the projection
                dataset = datasets.load(parsed.dataset)
                encoder.image_features(name, dataset, np.arange(len(dataset.images)), bar)
        warmed.append({"backbone": name, "cached": outcome.cached, "seconds": sum(outcome.seconds.values())})
    return warmed, "\n".join(f"{entry['backbone']}: ready after {entry['seconds']:.1f} s" for entry in warmed)


def _cache(parsed: Namespace) -> tuple[dict, str]:
    if parsed.clear:
        features.clear()
        maps.clear()
        inference.evict(0)
    entries, drawn = features.entries(), maps.entries()
    total, drawn_bytes = (sum(entry.bytes for entry in kept) for kept in (entries, drawn))
    budget = settings.cache_budget()
    lines = [_cache_line(entry.backbone, entry.dataset, entry) for entry in entries]
    used = f"{total / 1e9:.2f} of {budget / 1e9:.0f} GB in {settings.home() / 'features'}"
    lines.append(f"{len(entries)} entries, {used}")
    lines += [_cache_line(entry.config.method, entry.config.source.dataset, entry) for entry in drawn]
    lines.append(f"{len(drawn)} maps, {drawn_bytes / 1e9:.2f} GB in {settings.home() / 'maps'}")
    networks = inference.kept()
    network_bytes = sum(networks.values())
    where = f"{network_bytes / 1e9:.2f} GB in {settings.home() / inference.FOLDER}"
    lines.append(f"{len(networks)} networks converted for OpenVINO, {where}")
    result = {"entries": [asdict(entry) for entry in entries], "bytes": total, "budget": budget}
    result |= {"maps": [asdict(entry) for entry in drawn], "maps_bytes": drawn_bytes}
    return result | {"networks": len(networks), "networks_bytes": network_bytes}, "\n".join(lines)


def _cache_line(name: str, dataset: str, entry: Any) -> str:
    return f"{name:20} {dataset:18} {entry.images:>7,} images {entry.bytes / 1e6:>9,.1f} MB"
