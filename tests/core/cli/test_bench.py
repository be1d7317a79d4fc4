"""Benchmarks in the terminal refuse what they do not read."""

import pytest

from core.cli.commands import main


@pytest.mark.parametrize("number", ["0", "-5", "1e9", "nan", "9" * 30, "9" * 5000])
def test_a_number_that_a_benchmark_cannot_count_to_is_refused(capsys, number):
    with pytest.raises(SystemExit):
        main(["bench", "clip", "--images", number])
    assert "argument --images" in capsys.readouterr().err


def test_an_option_that_a_benchmark_does_not_read_is_told(store, capsys):
    assert main(["bench", "clip", "--input-size", "96"]) == 1
    assert (
        "bench clip has no option --input-size. Expected some of --images, --backbone, --weights"
        in capsys.readouterr().err
    )
