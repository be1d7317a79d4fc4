"""Commands with actions, such as `datasets import`."""

from collections.abc import Sequence

from core.errors import ConfigError


def check(command: str, action: str, names: Sequence[str], usage: str) -> None:
    """Compare the arguments of an action with its usage, such as "import PATH [NAME]"; "": it takes none.

    Raises:
        ConfigError: They are too few or too many.
    """
    arguments = usage.split()[1:]
    required = [argument for argument in arguments if not argument.startswith("[")]
    if not len(required) <= len(names) <= len(arguments):
        raise ConfigError(f"{command} {action} got {' '.join(names) or 'no name'}", usage or "no name")
