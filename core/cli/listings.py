"""What there is to choose, and what learners did: recipes, backbones, lessons."""

import json
from argparse import Namespace
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd

from core import backbones, quoting, runs
from core.cli import options, tables
from core.curriculum import gradebook
from core.recipes import RECIPES


def add(commands: Any) -> None:
    """Add the commands `recipes`, `backbones` and `lessons`."""
    options.command(commands, "recipes", _recipes, "list the named experiments for `run --recipe`")

    options.command(commands, "backbones", _backbones, "list the architectures")

    grades = options.command(
        commands, "lessons", _lessons, "list who did which lesson, and how they answered its questions"
    )
    grades.add_argument("file", nargs="?", type=Path, metavar="FILE", help="write each task and answer to a CSV file")


def _recipes(parsed: Namespace) -> tuple[list[dict], str]:
    names = ("name", "title", "idea", "backbones")
    lines = [f"{recipe.name}: {recipe.idea}\n    {', '.join(recipe.backbones)}" for recipe in RECIPES.values()]
    return [{name: getattr(recipe, name) for name in names} for recipe in RECIPES.values()], "\n".join(lines)


def _backbones(parsed: Namespace) -> tuple[list[dict], str]:
    specs = [asdict(backbones.get(name)) for name in backbones.pretrained_names()]
    shown = ["name", "family", "year", "params", "depth", "default_size", "preprocessing", "top1"]
    return specs, pd.DataFrame(specs)[shown].to_string(index=False)


def _lessons(parsed: Namespace) -> tuple[list[dict], str]:
    table = gradebook.table(runs.rows())
    if parsed.file:
        tables.write(table, parsed.file)
    records = json.loads(quoting.json_rows(table))
    return records, gradebook.summary(table).to_string(index=False)
