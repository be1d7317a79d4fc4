"""The network of a run in the terminal: exported, or measured in fewer bits."""

import sys
from argparse import Namespace
from pathlib import Path
from typing import Any

from core import export
from core.cli import options
from core.cli.bar import Bar
from core.export import formats, quantization


def add(commands: Any) -> None:
    """Add the commands `export` and `quantize`."""
    write = options.command(commands, "export", _export, "write the network of a run, or the code that repeats it")
    write.add_argument("run_id", metavar="RUN", help="id of the run")
    write.add_argument("--format", choices=tuple(export.FORMATS), default="keras", help="what to write [keras]")
    write.add_argument("--to", default=".", metavar="FOLDER", help="where to put it [.]")

    fewer = options.command(
        commands, "quantize", _quantize, "size, speed and accuracy of a run's network in fewer bits"
    )
    fewer.add_argument("run_id", metavar="RUN", help="id of the run")


def _export(parsed: Namespace) -> tuple[dict, str]:
    with Bar() as bar:
        path = export.export(parsed.run_id, parsed.format, Path(parsed.to), report=bar)
    if parsed.format == "savedmodel":
        print(export.SAVED_MODEL_FILES, file=sys.stderr)
    return {"run_id": parsed.run_id, "format": parsed.format, "path": str(path)}, str(path)


def _quantize(parsed: Namespace) -> tuple[dict, str]:
    with Bar() as bar:
        measured = quantization.measure(parsed.run_id, bar)
    table = quantization.table(measured)
    lines = [
        table.to_string(index=False, float_format="{:.3f}".format),
        f"{len(measured.rows):,} test images, one at a time; calibrated on {measured.calibrated_on} training images",
        f"p_value: McNemar's exact test against float32; measured on {measured.hardware}",
        f"To write one: python -m core export {parsed.run_id} --format {' or '.join(formats.FEWER_BITS)}",
    ]
    values = {"run_id": parsed.run_id, "hardware": measured.hardware, "images": len(measured.rows)}
    return values | {"kinds": table.to_dict("records")}, "\n".join(lines)
