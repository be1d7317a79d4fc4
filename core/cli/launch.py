"""The command `backbone-lab`: the dashboard from any folder, or a command of `core.cli.commands`.

Installed, this module is `backbone_lab.core.cli.launch`; the folder that holds `core`, `dashboard` and `pages` joins
the path here, so everything else is imported by the names it has in the repository.
"""

import json
import os
import runpy
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
USAGE = """usage: backbone-lab [--class] [--server.port PORT] [streamlit option ...]
       backbone-lab COMMAND [option ...]

Without a command, open the dashboard in a browser; options go to `streamlit run`, as in
`backbone-lab --server.port 8600 --server.headless true`. With --class, a lecturer opens it to a class
on the network. With a command, work in the terminal:
"""
FOR_A_CLASS = ("--server.address=0.0.0.0", "--server.headless=true")


def main() -> int:
    """Open the dashboard, or run one command; returns the exit code."""
    if str(ROOT) not in sys.path:
        sys.path.insert(0, str(ROOT))
    arguments = sys.argv[1:]
    if not arguments or (arguments[0].startswith("-") and arguments[0] not in ("-h", "--help")):
        return _open_dashboard(arguments)

    try:
        from core.cli import commands
    except KeyboardInterrupt:  # Ctrl-C before anything has begun
        sys.exit("stopped")
    if arguments[0] in ("-h", "--help"):
        print(USAGE)
        print(commands.parser().format_help().partition("\n\n")[2])
        return 0
    return commands.run(arguments)


def config_flags(options: dict[str, Any], section: str = "") -> Iterator[str]:
    """The options of a Streamlit config file as flags: `streamlit run` finds the file only from our folder."""
    for name, value in options.items():
        path = f"{section}.{name}" if section else name
        if isinstance(value, dict):
            yield from config_flags(value, path)
        else:
            yield f"--{path}={value if isinstance(value, str) else json.dumps(value)}"


def _open_dashboard(arguments: list[str]) -> int:
    config = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    flags = list(config_flags(config))
    if "--class" in arguments:
        os.environ["BACKBONE_LAB_MODE"] = "class"
        arguments = [argument for argument in arguments if argument != "--class"]
        flags += FOR_A_CLASS
    sys.argv = ["streamlit", "run", str(ROOT / "dashboard" / "app.py"), *flags, *arguments]
    runpy.run_module("streamlit", run_name="__main__", alter_sys=True)
    return 0
