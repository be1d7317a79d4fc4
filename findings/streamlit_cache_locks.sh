#!/usr/bin/env bash
# Each value that is asked of a function with `st.cache_data` or `st.cache_resource` leaves a lock that is never removed.
#
# Seen: with `max_entries=1` or after `ttl`, values go, but `Cache._value_locks` (`runtime/caching/cache_utils.py`) keeps an
# entry for each that was ever computed, until the whole cache is cleared: 190 bytes, however small the value.
# A server whose visitors choose the arguments grows with each new choice.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check streamlit==1.67.0
cat >"$folder/seen.py" <<'PYTHON'
import gc
import logging
import tracemalloc

import streamlit as st
from streamlit.runtime.caching.cache_utils import Cache

logging.disable(logging.CRITICAL)
MANY = 20_000


@st.cache_resource(max_entries=1, show_spinner=False)
def value(number):
    return None


value(0)
(cache,) = (each for each in gc.get_objects() if isinstance(each, Cache))
tracemalloc.start()
for number in range(MANY):
    value(number)
locks = len(cache._value_locks)
print("values kept", len(cache._mem_cache), "locks kept", locks)
gc.collect()
print("bytes for each", round(tracemalloc.get_traced_memory()[0] / MANY))
assert len(cache._mem_cache) == 1 and locks == MANY
PYTHON
"$folder/venv/bin/python" "$folder/seen.py" 2>/dev/null
echo "As seen: streamlit 1.67.0"
