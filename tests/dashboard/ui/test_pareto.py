"""The Pareto front has what nothing else beats."""

from dashboard.ui import pareto


def test_the_pareto_front_leaves_out_what_something_else_beats():
    assert pareto.front([1, 2, 3, 3], [5, 4, 6, 7]).tolist() == [True, False, False, True]


def test_of_equals_one_is_on_the_pareto_front():
    assert pareto.front([1, 1], [5, 5]).sum() == 1
    assert pareto.front([], []).tolist() == []
