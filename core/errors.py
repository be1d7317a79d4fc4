"""Errors shown to the user: what was received, what was expected, and what to do.

LabError
 ├─ DatasetError     images that cannot be found, read or split
 ├─ BackboneError    an unknown architecture or an unsupported input size
 │   └─ WeightsError a weights file that is missing, truncated or from another network
 ├─ ConfigError      an invalid option or combination of options
 ├─ RunError         a run that does not exist or is in the wrong state
 │   └─ CheckpointError  a damaged or missing file that a training would continue from
 ├─ StoreError       a run store that does not answer, or that this version of MLflow cannot open
 │   └─ NoAnswer     a run store that did not answer in time
 ├─ MapError         vectors that cannot be drawn as a map, or a missing map
 ├─ EngineError      no worker or no scheduler
 ├─ AccessError      what this person may not do, or why they cannot join the class
 ├─ Diverged         training whose loss became non-finite
 └─ Stopped          not a failure: the user pressed Stop
     └─ Paused       the user pressed Pause; the run can be resumed
"""

from collections.abc import Iterable
from difflib import get_close_matches


def closest(name: str, known: Iterable[str]) -> str:
    """A remedy for an unknown name: the known name closest to it, or "" if none is close."""
    matches = get_close_matches(name.lower(), {each.lower(): each for each in known}, n=1)
    return f"The closest is {next(each for each in known if each.lower() == matches[0])!r}" if matches else ""


def shortened(text: str, most: int = 600) -> str:
    """A text with its middle left out if it is too long to read: it quotes what was received, of whatever length."""
    return text if len(text) <= most else f"{text[: most - 200]} ... {text[-190:]}"


class LabError(Exception):
    """One readable message, shown to the user unchanged.

    Args:
        received: What is wrong, naming the file or value.
        expected: What would be valid.
        remedy: What the user can do.
    """

    def __init__(self, received: str, expected: str = "", remedy: str = ""):
        received = shortened(received)
        super().__init__(received, expected, remedy)  # all three, so that the error survives pickling
        self.received, self.expected, self.remedy = received, expected, remedy

    def __str__(self) -> str:
        parts = [self.received, self.expected and f"Expected {self.expected}", self.remedy]
        return " ".join(part.rstrip(".") + "." for part in parts if part)


class DatasetError(LabError):
    """Images that cannot be found, read or split."""


class BackboneError(LabError):
    """An unknown architecture or an unsupported input size."""


class WeightsError(BackboneError):
    """A weights file that is missing, truncated or from another network."""


class ConfigError(LabError):
    """An invalid option or combination of options."""


class RunError(LabError):
    """A run that does not exist or is in the wrong state."""


class CheckpointError(RunError):
    """A damaged or missing file that a training would continue from."""


class StoreError(LabError):
    """A run store that does not answer, or that this version of MLflow cannot open."""


class NoAnswer(StoreError):  # noqa: N818 - its name says it
    """A run store that did not answer in time."""


class MapError(LabError):
    """Vectors that cannot be drawn as a map, or a missing map."""


class EngineError(LabError):
    """No worker or no scheduler."""


class AccessError(LabError):
    """What this person may not do, or why they cannot join the class."""


class Diverged(LabError):  # noqa: N818 - an outcome
    """Training whose loss became non-finite."""


class Stopped(LabError):  # noqa: N818 - not an error
    """The user pressed Stop; raised from a progress report."""

    def __init__(self, received: str = "Stopped by the user", expected: str = "", remedy: str = ""):
        super().__init__(received, expected, remedy)


class Paused(Stopped):
    """The user pressed Pause; raised from a progress report."""

    def __init__(self, received: str = "Paused by the user", expected: str = "", remedy: str = ""):
        super().__init__(received, expected, remedy)
