"""Objects that exist once per server, such as the engine and running tasks.

They are not in `st.cache_resource`, because any browser can clear Streamlit's caches: the menu entry is hidden, but the
message still works. Those caches hold only what can be computed again.
"""

import functools
import threading
from collections.abc import Callable
from typing import Any, TypeVar, overload

T = TypeVar("T")

_made: dict[Callable, tuple[Any, Callable[[Any], None]]] = {}
_lock = threading.RLock()  # one thing may need another


@overload
def once(make: Callable[[], T]) -> Callable[[], T]: ...
@overload
def once(*, close: Callable[[T], None]) -> Callable[[Callable[[], T]], Callable[[], T]]: ...
def once(make: Callable[[], T] | None = None, *, close: Callable[[T], None] = lambda made: None) -> Any:
    """Decorate a function without arguments: it is called once, and every caller gets the same result.

    Args:
        close: Ends what was made, when the server's state is dropped.
    """
    if make is None:
        return functools.partial(once, close=close)

    @functools.wraps(make)
    def get() -> T:
        with _lock:
            if make not in _made:
                _made[make] = make(), close
            return _made[make][0]

    return get


def close_all() -> None:
    """Drop everything, latest first, as if the server had been started anew; for tests."""
    with _lock:
        made = list(_made.values())
        _made.clear()
    for thing, close in reversed(made):
        close(thing)
