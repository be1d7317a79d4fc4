"""The caches in the terminal."""

import json

import pytest

from core.cli.commands import main


@pytest.mark.slow
def test_warm_fills_the_cache_and_cache_lists_and_clears_it(store, capsys):
    assert main(["warm", "--backbones", "Tiny"]) == 0
    assert main(["cache", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert [entry["backbone"] for entry in listed["entries"]] == ["Tiny"]
    assert listed["bytes"] > 0
    assert main(["cache", "--clear", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["entries"] == []
