"""`python -m core COMMAND`: see `core.cli`."""

import sys

from core.cli.commands import main

if __name__ == "__main__":
    sys.exit(main())
