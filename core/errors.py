"""Errors a user may read: what was received, what was expected, what to do.

LabError
 ├─ DatasetError     images that cannot be read, split or found
 ├─ BackboneError    an unknown architecture, an impossible input size
 │   └─ WeightsError a file that is missing, truncated or of another network
 ├─ ConfigError      a run that cannot be described so
 ├─ RunError         a run that does not exist, or is not in the state asked for
 ├─ MapError         vectors that cannot be drawn as a map, a map that is not there
 ├─ EngineError      no worker, no scheduler
 ├─ Diverged         training that ran off to numbers that are none
 └─ Stopped          not a failure: somebody pressed stop
     └─ Paused       or pause: the run can go on from where it was
"""


class LabError(Exception):
    """One readable message; every subclass is shown to the user as it is.

    Args:
        received: What was found, naming the file or value.
        expected: What would have been right.
        remedy: What the user can do now.
    """

    def __init__(self, received: str, expected: str = "", remedy: str = ""):
        super().__init__(received, expected, remedy)  # all three, so that the error survives pickling
        self.received, self.expected, self.remedy = received, expected, remedy

    def __str__(self) -> str:
        parts = [self.received, self.expected and f"Expected {self.expected}", self.remedy]
        return " ".join(part.rstrip(".") + "." for part in parts if part)


class DatasetError(LabError):
    """Images that cannot be read, split or found."""


class BackboneError(LabError):
    """An unknown architecture or an impossible input size."""


class WeightsError(BackboneError):
    """A weights file that is missing, truncated or of another network."""


class ConfigError(LabError):
    """A run that cannot be described so."""


class RunError(LabError):
    """A run that does not exist, or is not in the state asked for."""


class MapError(LabError):
    """Vectors that cannot be drawn as a map, or a map that is not there."""


class EngineError(LabError):
    """No worker or no scheduler."""


class Diverged(LabError):  # noqa: N818 - what happened to it
    """The loss of a training is not a finite number any more."""


class Stopped(LabError):  # noqa: N818 - not an error
    """Somebody pressed stop; raised out of a progress report."""

    def __init__(self, received: str = "Stopped by the user", expected: str = "", remedy: str = ""):
        super().__init__(received, expected, remedy)


class Paused(Stopped):
    """Somebody pressed pause; raised out of a progress report."""

    def __init__(self, received: str = "Paused by the user", expected: str = "", remedy: str = ""):
        super().__init__(received, expected, remedy)
