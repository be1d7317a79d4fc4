"""The command `backbone-lab`: the dashboard from any folder, or a command of `core.cli.commands`.

Installed, this module is `backbone_lab.core.cli.launch`; the folder that holds `core`, `dashboard` and `pages` joins
the path here, so everything else is imported by the names it has in the repository.
"""

import os
import runpy
import sys
from pathlib import Path

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


def _open_dashboard(arguments: list[str]) -> int:
    if "--class" in arguments:
        os.environ["BACKBONE_LAB_MODE"] = "class"
        arguments = [*FOR_A_CLASS, *(argument for argument in arguments if argument != "--class")]
    sys.argv = ["streamlit", "run", str(ROOT / "dashboard" / "app.py"), *arguments]
    runpy.run_module("streamlit", run_name="__main__", alter_sys=True)
    return 0
