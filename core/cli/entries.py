"""An entry of several runs as JSON values and as text: the mean of seeds, or a sweep and its chosen run."""

from dataclasses import asdict
from typing import Any

from core import seeds, sweeps
from core.errors import LabError
from core.evaluation import leaks
from core.metrics import StandardErrors
from core.runs import RunRow

NUMBERS = ("accuracy", "accuracy_low", "accuracy_high")


def described(row: RunRow) -> tuple[dict, str]:
    """An entry whose runs have ended.

    Raises:
        LabError: Not all of them finished; of a sweep, none.
    """
    if row.cells and row.has_result:
        return _sweep(row)
    if row.error:
        remedy = f"Continue them: python -m core resume {row.id}" if row.resumable else ""
        raise LabError(row.error, remedy=remedy)
    errors = row.standard_errors
    if errors is None:
        raise LabError(f"{row.id} has one seed", "several", f"See it: python -m core runs {row.id}")
    return _seeds(row, errors)


def _seeds(row: RunRow, errors: StandardErrors) -> tuple[dict, str]:
    values: dict[str, Any] = {"entry": row.id}
    values |= {name: getattr(row, name) for name in (*NUMBERS, "spread", "hardware", "protocol")}
    values |= {"standard_errors": {"images": errors.images, "seeds": errors.seeds}, "larger_uncertainty": errors.larger}
    leaked = leaks.of_run(row)
    values["leaks"] = leaked and asdict(leaked)
    values["seeds"] = [{"seed": run.config.seed, "run_id": run.id, "accuracy": run.accuracy} for run in row.seeds]
    lines = [
        f"{row.config.backbone}: mean accuracy {row.accuracy:.1%} of {len(row.seeds)} seeds "
        f"(95 % interval {row.accuracy_low:.1%} to {row.accuracy_high:.1%}, over seeds and test images)",
        f"standard deviation {row.spread:.2%} from seed to seed; standard error of the mean "
        f"{errors.seeds:.2%} from the seeds, {errors.images:.2%} from {row.n_test:,.0f} test images",
        f"{row.protocol}; the seed decides {', '.join(seeds.decides(row.config))}",
        f"measured on {row.hardware}",
        *([leaks.sentence(leaked)] if leaked else []),
        *(f"seed {run.config.seed}: {run.accuracy:.1%}, run {run.id}" for run in row.seeds),
        f"entry {row.id}",
    ]
    return values | {"config": asdict(row.config)}, "\n".join(lines)


def _sweep(row: RunRow) -> tuple[dict, str]:
    """The validation accuracy of each run, and the test accuracy of the chosen one alone."""
    chosen, leaked = row.chosen, leaks.of_run(row)
    cells = [
        {name: getattr(cell.config, name) for name in row.varied}
        | {"run_id": cell.id, "status": cell.status, "validation_accuracy": cell.validation_accuracy}
        for cell in row.cells
    ]
    values: dict[str, Any] = {"entry": row.id, "chosen": chosen.id, "cells": cells, "error": row.error}
    values |= {name: getattr(row, name) for name in (*NUMBERS, "validation_accuracy", "hardware", "protocol")}
    values["leaks"] = leaked and asdict(leaked)
    lines = [
        f"{row.config.backbone}: chosen on validation: {sweeps.described(chosen.config, row.varied)} "
        f"({row.validation_accuracy:.1%} of {row.n_val:,.0f} validation images)",
        f"its accuracy on the test images {row.accuracy:.1%} "
        f"(95 % interval {row.accuracy_low:.1%} to {row.accuracy_high:.1%})",
        f"{row.protocol}; measured on {row.hardware}",
        *([leaks.sentence(leaked)] if leaked else []),
        *(f"{_result(cell)}  {sweeps.described(cell.config, row.varied)}, run {cell.id}" for cell in row.cells),
        *([row.error] if row.error else []),
        f"sweep {row.id}",
    ]
    return values | {"config": asdict(row.config)}, "\n".join(lines)


def _result(cell: RunRow) -> str:
    return f"{cell.validation_accuracy:.1%}" if cell.status == "finished" else cell.status
