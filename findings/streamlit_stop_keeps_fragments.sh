#!/usr/bin/env bash
# A fragment that a page no longer draws is dropped, unless `st.stop` ended the page: then it still runs, into that page.
#
# Streamlit 1.67 drops the fragments that a full run has not drawn, and ignores what a browser still sends in their name. It does
# so at the end of the script; `st.stop` ends the run before that. Seen over a websocket: a fragment drawn while a checkbox is
# on, the checkbox turned off, then a request of the fragment that was on its way. Where the page ends by itself nothing
# answers; where `st.stop` ends it the fragment runs and its elements arrive. A camera that sends photos from a fragment opens again
# after it was turned off.
set -euo pipefail
folder=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; wait; rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check streamlit==1.67.0
cat >"$folder/app.py" <<'PYTHON'
import streamlit as st


@st.fragment
def camera():
    st.write("The camera")


st.title("Live")
if st.checkbox("On", value=True, key="on"):
    camera()
elif st.query_params.get("ends") == "st.stop":
    st.stop()
PYTHON
cat >"$folder/seen.py" <<'PYTHON'
import asyncio
import sys

import websockets
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg


async def run(socket, ends, on=None, fragment="", patience=30):
    """What a run of the script or of a fragment has drawn, fragment by element; empty if none was run."""
    request = BackMsg()
    request.rerun_script.query_string, request.rerun_script.fragment_id = f"ends={ends}", fragment
    if on is not None:
        request.rerun_script.widget_states.widgets.add(id=on, bool_value=False)
    await socket.send(request.SerializeToString())
    drawn = {}
    try:
        async with asyncio.timeout(patience):
            while True:
                message = ForwardMsg.FromString(await socket.recv())
                if message.WhichOneof("type") == "script_finished":
                    return drawn
                if message.delta.HasField("new_element"):
                    element = message.delta.new_element
                    kind = element.WhichOneof("type")
                    drawn[kind] = message.delta.fragment_id if kind == "markdown" else getattr(element, kind)
    except TimeoutError:
        return {}


async def visit(ends):
    async with websockets.connect(f"ws://127.0.0.1:{sys.argv[1]}/_stcore/stream", subprotocols=["streamlit"]) as socket:
        first = await run(socket, ends)
        checkbox, fragment = first["checkbox"].id, first["markdown"]
        off = await run(socket, ends, on=checkbox)
        late = await run(socket, ends, on=checkbox, fragment=fragment, patience=5)
        return "markdown" in off, "markdown" in late


seen = {ends: asyncio.run(visit(ends)) for ends in ("itself", "st.stop")}
for ends, (drawn, late) in seen.items():
    print(f"page ended by {ends}: fragment drawn by the page {drawn}, by its late request {late}")
assert seen == {"itself": (False, False), "st.stop": (False, True)}
PYTHON
port=$("$folder/venv/bin/python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
cd "$folder"
venv/bin/streamlit run app.py --server.headless true --server.address 127.0.0.1 --server.port "$port" \
  --server.enableXsrfProtection false --browser.gatherUsageStats false >server.log 2>&1 &
for _ in $(seq 60); do
  venv/bin/python -c "import urllib.request as u; u.urlopen('http://127.0.0.1:$port/_stcore/health')" 2>/dev/null && break
  sleep 0.5
done
venv/bin/python seen.py "$port"
echo "As seen: streamlit 1.67.0"
