"""Rows of runs for tests, made from a few facts instead of a store."""

from dataclasses import fields
from datetime import UTC, datetime

from core.config import RunConfig
from core.runs import RunRow

_OF_ROWS = {field.name for field in fields(RunRow)}


def row(**facts) -> RunRow:
    """A finished run; facts are fields of `RunRow`, or of its config where a row has no such field."""
    of_row = {name: value for name, value in facts.items() if name in _OF_ROWS}
    of_config = {name: value for name, value in facts.items() if name not in _OF_ROWS}
    usual = {"id": "a", "name": "a run", "status": "finished", "created": datetime(2026, 1, 1, tzinfo=UTC)}
    return RunRow(config=RunConfig(**of_config), **usual | of_row)
