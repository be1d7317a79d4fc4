"""The terminal: `python -m core COMMAND`."""
