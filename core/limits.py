"""How much of the machine a learner may use; for the lecturer, and outside of a class, there is no limit.

`limits.toml` in the home folder changes a limit: `epochs = 50`.
"""

from dataclasses import dataclass, fields

from core import people, settings
from core.errors import AccessError, ConfigError

FILE = "limits.toml"


@dataclass(frozen=True)
class Limits:
    """The limits of a learner."""

    runs: int = 3  # waiting or running; several seeds or a sweep count as one
    together: int = 9  # seeds of one result, or runs of one sweep
    epochs: int = 30  # of a fine-tune, both phases together, or of a network from scratch
    input_size: int = 384  # pixels
    images: int = 20_000  # in all datasets together
    gigabytes: float = 2.0  # of these images, as they are stored
    class_gigabytes: float = 50.0  # of the images of all learners


def read() -> Limits:
    """The limits of this home folder.

    Raises:
        ConfigError: The file cannot be read, or one of its lines is not a limit.
    """
    changed = settings.table(FILE, "lines such as `epochs = 50`")
    known = [field.name for field in fields(Limits)]
    for name, value in changed.items():
        if name not in known or isinstance(value, bool) or not isinstance(value, int | float) or not value >= 0:
            expected = f"a number of {', '.join(known)}"
            raise ConfigError(
                f"{settings.home() / FILE} has the line {name} = {value!r}", expected, "Change or remove it"
            )
    return Limits(**changed)


def check(name: str, number: float, received: str, remedy: str) -> None:
    """Refuse what exceeds a learner's limit.

    Args:
        name: A field of `Limits`.
        number: How much there would be.
        received: The same in a sentence.

    Raises:
        AccessError: It is more.
    """
    if people.current_person() == people.LECTURER:
        return
    most = getattr(read(), name)
    if number > most:
        raise AccessError(received, f"at most {most:,}", remedy)
