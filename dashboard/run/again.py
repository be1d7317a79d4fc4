"""The address of Train with the settings of a run filled in."""

from dataclasses import asdict

from core.config import RunConfig


def same(config: RunConfig, **changes) -> dict[str, str]:
    """Choices that open Train with a config and some changes; complete, since Train keeps earlier choices."""
    fields = {"seeds": 1, "vary": ""} | asdict(config) | changes
    del fields["version"]
    fields["backbones"] = fields.pop("backbone")
    return {name: str(value) for name, value in fields.items()}
