#!/usr/bin/env bash
# `import openvino` alone reports to its maker's Google Analytics, before anything is asked of it.
#
# Seen: the package depends on `openvino-telemetry`; importing it creates a Telemetry and sends the event
# ("ov", "import", "general_import"), and where Keras is imported already a second one that names its version. The documented
# way out is a command or a file in the user's home folder. If `openvino_telemetry` cannot be imported, a stub takes its
# place, and nothing is sent. Here a package of the same name stands in its way and writes down what it is given.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-deps openvino==2026.4.1
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check numpy==2.4.6
"$folder/venv/bin/pip" download --quiet --disable-pip-version-check --no-deps --dest "$folder" openvino-telemetry==2025.2.0
grep -q "^Requires-Dist: openvino-telemetry" "$folder"/venv/lib/python3*/site-packages/openvino-*.dist-info/METADATA
mkdir -p "$folder/recorder/openvino_telemetry/backend"
cat >"$folder/recorder/openvino_telemetry/__init__.py" <<'PYTHON'
EVENTS = []


class Telemetry:
    def __init__(self, *arguments, **named):
        pass

    def send_event(self, *event, **named):
        EVENTS.append(event)
PYTHON
touch "$folder/recorder/openvino_telemetry/backend/__init__.py" "$folder/recorder/openvino_telemetry/backend/backend_ga4.py"
cat >"$folder/seen.py" <<'PYTHON'
import sys

if sys.argv[1] == "stub":
    sys.modules["openvino_telemetry"] = None
import openvino  # noqa: F401
from openvino.tools.ovc import telemetry_utils

events = getattr(telemetry_utils.tm, "EVENTS", [])
print(sys.argv[1], telemetry_utils.tm.__name__, events)
assert len(events) == (1 if sys.argv[1] == "recorder" else 0)
PYTHON
for way in recorder stub; do
    (cd "$folder" && PYTHONPATH="$folder/recorder" "$folder/venv/bin/python" seen.py $way)
done
echo "As seen: OpenVINO 2026.4.1"
