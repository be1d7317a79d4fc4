"""Whatever a configuration is given, it is valid or refused in one readable sentence: any values of its fields.

`make test-bad-input` tries 5,000 of each instead of 200.
"""

import os
from typing import Any, get_type_hints

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core import options
from core.cli import commands
from core.config import RunConfig
from core.embeddings import Source
from core.errors import LabError
from core.maps import MapConfig
from core.plan import plan

READABLE = 1500  # characters of a message: what was received (shortened), every choice, and what to do
EXTREMES = {
    int: [-(2**63), -1, 0, 1, 2**31, 2**63, 10**30],
    float: [-1.0, 0.0, 5e-324, 1e-7, 1.0, 1e300, float("inf"), float("-inf"), float("nan")],
    str: ["", " ", "\0", "/", "..", "a" * 400, "a" * 5000, "/dev/null/x", "~nobody/x", "{}", "+", "Tiny", "untrained"],
}
ANY = {int: st.integers(), float: st.floats(), str: st.text()}

bounded = settings(
    max_examples=int(os.environ.get("EXAMPLES", "200")),
    deadline=None,  # machines are busy
    database=None,  # nothing is left in the folder
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def values(kind: type) -> st.SearchStrategy[dict[str, Any]]:
    """Values for a few fields of a configuration: allowed, extreme and any."""
    types, fields = get_type_hints(kind), {}
    for name, option in options.of(kind).items():
        allowed = [*(option.choices or ()), options.defaults(kind)[name]]
        fields[name] = st.sampled_from(allowed) | st.sampled_from(EXTREMES[types[name]]) | ANY[types[name]]
    return st.fixed_dictionaries({}, optional=fields)


def made(kind: type, fields: dict[str, Any], **others: Any) -> Any:
    """The configuration; None if it was refused, which it may be in one sentence alone."""
    try:
        return kind(**fields, **others)
    except LabError as error:
        assert 0 < len(str(error)) < READABLE
        return None


@pytest.mark.slow
@bounded
@given(fields=values(RunConfig))
def test_a_run_is_planned_or_refused(fields: dict[str, Any]):
    if config := made(RunConfig, fields):
        try:
            assert plan(config).images > 0
        except LabError as error:
            assert 0 < len(str(error)) < READABLE


@bounded
@given(source=values(Source), fields=values(MapConfig))
def test_a_map_is_described_or_refused(source: dict[str, Any], fields: dict[str, Any]):
    drawn = made(Source, source)
    made(MapConfig, fields, source=drawn or Source())


@pytest.mark.slow
@pytest.mark.parametrize(
    "command",
    [
        "run --dataset nope",
        f"run --dataset {'a' * 400}",
        f"run --weights {'a' * 5000}",
        "run --weights /proc/self/mem",
        "run --strength 1e300",
        "run --weight-decay inf --method finetune",
        f"datasets import /{'a' * 400}",
        f"datasets import {'a' * 5000}",
        "datasets import /proc/self",
        f"datasets delete {'a' * 400}",
        f"export {'a' * 5000}",
    ],
)
def test_a_command_answers_in_one_line_and_leaves_no_run(store, capsys, command):
    assert commands.main(command.split()) == 1
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert line.startswith("error: ") and len(line) < READABLE
    assert commands.main(["runs"]) == 0
    assert "failed" not in capsys.readouterr().out


@pytest.mark.parametrize("command", ["bench extract --images -5", "bench heads --images 0", "warm --lesson nope"])
def test_a_wrong_option_is_a_wrong_usage(capsys, command):
    with pytest.raises(SystemExit) as ended:
        commands.main(command.split())
    assert ended.value.code == 2
