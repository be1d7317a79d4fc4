"""Whatever an address says, a page is drawn, with a sentence about what it could not use: any text for any name.

`make test-bad-input` tries more.
"""

import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from core.curriculum.lessons import LESSONS
from dashboard.shell import PAGES
from dashboard.state import address
from dashboard.state.visitor import State
from dashboard.ui import image_grid
from tests.dashboard.state.test_any_address import EXTREME
from tests.pages.test_unknown_values import BOUND

NAMES = [name for pages in PAGES.values() for name, *_ in pages]
EXAMPLES = int(os.environ.get("EXAMPLES", "200"))
WORST = ("9" * 5000, "\0`*<b>\ud7ff\uffff")
KNOWN = ["on", "Tiny", "cifar10", "run", "umap", "finetune", "scratch", "2", next(iter(LESSONS))]
VALUES = st.sampled_from([*WORST, *EXTREME, *KNOWN]) | st.integers().map(str) | st.floats().map(str) | st.text()

bounded = settings(
    max_examples=max(EXAMPLES // 50, 1),
    deadline=None,  # machines are busy
    database=None,  # nothing is left in the folder
    suppress_health_check=list(HealthCheck),
)


def names_of(page: AppTest) -> list[str]:
    """The names that a page reads from its address."""
    return sorted(page.session_state[address.READ] | BOUND | set(State.__dataclass_fields__) | {image_grid.ROW})


@pytest.mark.parametrize("name", NAMES)
def test_a_page_is_drawn_whatever_its_address_says(visit, used, name):
    page = visit(name)
    names = names_of(page)
    for value in (*WORST, *(EXTREME if EXAMPLES > 1000 else ())):
        page.query_params.clear()
        page.query_params.update(dict.fromkeys(names, value))
        check(page.run(), value)
    page.query_params.clear()
    page.query_params.update({"lesson": next(iter(LESSONS)), "step": WORST[0]})
    check(page.run(), WORST[0])

    @bounded
    @given(st.fixed_dictionaries({}, optional=dict.fromkeys(names, VALUES)))
    def follow(link: dict[str, str]) -> None:
        check(visit(name, **link), link)

    follow()


def check(page: AppTest, value: object) -> None:
    assert not page.exception, (value, page.exception[0].stack_trace)
