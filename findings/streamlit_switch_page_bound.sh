#!/usr/bin/env bash
# `st.switch_page(page)` raises on a page whose address holds a parameter bound to a widget; with an empty dict it works.
#
# Seen: a page with `st.tabs(..., key="view", bind="query-params")` and `?view=Second` in its address. A button that calls
# `st.switch_page(other)` ends in "Cannot clear query parameters - the following are bound to widgets: 'view'"; the same
# with `query_params={}`, which means the same empty address, switches. Without the parameter in the address both work,
# so the page fails only after a visitor has chosen a tab, or for those who follow a link.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check streamlit==1.67.0
mkdir "$folder/pages"
echo 'import streamlit as st; st.title("Other")' >"$folder/pages/other.py"
cat >"$folder/app.py" <<'PYTHON'
import streamlit as st

st.tabs(["First", "Second"], key="view", bind="query-params")
if st.button("Leave", key="bare"):
    st.switch_page("pages/other.py")
if st.button("Leave", key="empty"):
    st.switch_page("pages/other.py", query_params={})
PYTHON
cat >"$folder/seen.py" <<'PYTHON'
from streamlit.testing.v1 import AppTest


def press(button, address):
    page = AppTest.from_file("app.py")
    page.query_params.update(address)
    page.run().button(key=button).click().run()
    return [title.value for title in page.title] or [error.value for error in page.exception]


SEEN = {(button, bool(address)): press(button, address) for button in ("bare", "empty") for address in ({}, {"view": "Second"})}
for case, result in SEEN.items():
    print(*case, result)
assert "Cannot clear query parameters" in SEEN.pop(("bare", True))[0]
assert set(map(tuple, SEEN.values())) == {("Other",)}
PYTHON
(cd "$folder" && "$folder/venv/bin/python" seen.py 2>/dev/null)
echo "As seen: streamlit 1.67.0"
