#!/usr/bin/env bash
# A value of `st.cache_resource(ttl=...)` that expires while it is being read raises a KeyError; `st.cache_data` computes it again.
#
# Seen: now and then, on a busy server, a page ended in a KeyError whose traceback ends in Streamlit's cache. It asks
# `key in cache` and then reads `cache[key]`; each looks at the clock, and a value whose time ended in between is refused
# by the second. With a clock that goes on by 0.6 s at each look, a value with `ttl=1` shows it every time.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check streamlit==1.67.0
cat >"$folder/seen.py" <<'PYTHON'
import itertools
import logging

import streamlit as st
from streamlit.runtime.caching import cache_utils

logging.disable(logging.CRITICAL)


def read(cache):
    cache_utils.TTLCACHE_TIMER = itertools.count(0.0, 0.6).__next__
    computed = itertools.count(1)

    @cache(ttl=1, show_spinner=False)
    def value():
        return next(computed)

    try:
        return tuple(value() for _ in range(4))
    except KeyError as error:
        return type(error).__name__


resource, data = read(st.cache_resource), read(st.cache_data)
print("cache_resource", resource)
print("cache_data", data)
assert (resource, data) == ("KeyError", (1, 1, 2, 2))
PYTHON
"$folder/venv/bin/python" "$folder/seen.py" 2>/dev/null
echo "As seen: streamlit 1.67.0"
