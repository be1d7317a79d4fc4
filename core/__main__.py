import sys

try:
    from core import garbage

    with garbage.uncollected():
        from core.cli.commands import run
except KeyboardInterrupt:  # Ctrl-C before anything has begun
    sys.exit("stopped")

if __name__ == "__main__":
    raise SystemExit(run())
