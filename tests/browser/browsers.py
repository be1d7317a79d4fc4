"""Which installed browser the journeys drive. As a program: says whether there is one, by its exit code."""

import shutil
import sys

CANDIDATES = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "microsoft-edge",
    "microsoft-edge-stable",
    "chrome",
    "msedge",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
    r"C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe",
)


def installed_browser() -> str | None:
    """Path of the first Chromium, Chrome or Edge found."""
    return next(filter(None, map(shutil.which, CANDIDATES)), None)


if __name__ == "__main__":
    sys.exit(installed_browser() is None)
