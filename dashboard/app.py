"""Entry point: `streamlit run dashboard/app.py`."""

import sys
from pathlib import Path

if __name__ == "__main__":  # not in a worker: a spawned process imports the main file of its parent
    ROOT = str(Path(__file__).parent.parent)
    if ROOT not in sys.path:
        sys.path.insert(0, ROOT)

    from dashboard import shell

    shell.show()
