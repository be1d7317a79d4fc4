"""A SavedModel behind the REST interface of TensorFlow Serving, of which there is no package to install.

The server here is a small one, written after https://www.tensorflow.org/tfx/serving/api_rest: an input whose name ends
in `_bytes` takes {"b64": ...}, and an answer has one prediction for each instance.
"""

import base64
import io
import json
import threading
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
from PIL import Image

from core import execute, export, runs
from core.config import RunConfig
from core.data import datasets

PREDICT = "/v1/models/lab:predict"


@pytest.fixture
def served(store, tmp_path):
    """A run, and the address of a server of its SavedModel."""
    import tensorflow as tf

    run_id = runs.create(RunConfig(backbone="Tiny", n_train=100, n_test=60))
    assert execute.perform(run_id) == "finished", runs.get(run_id).error
    loaded = tf.saved_model.load(str(export.export(run_id, "savedmodel", tmp_path)))

    class Serving(BaseHTTPRequestHandler):
        def do_POST(self):
            assert self.path == PREDICT
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            function = loaded.signatures[asked.get("signature_name", "serving_default")]
            (name,) = function.structured_input_signature[1]
            values = [instance.get(name, instance) for instance in asked["instances"]]
            if name.endswith("_bytes"):
                values = [base64.b64decode(value["b64"]) for value in values]
            dtype = function.structured_input_signature[1][name].dtype
            outputs = {key: value.numpy() for key, value in function(**{name: tf.constant(values, dtype)}).items()}
            rows = [{key: _plain(value[row]) for key, value in outputs.items()} for row in range(len(values))]
            body = json.dumps({"predictions": rows}).encode()
            self.send_response(200)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format, *args):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Serving) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield runs.get(run_id), f"http://127.0.0.1:{server.server_port}{PREDICT}"
        server.shutdown()


@pytest.mark.slow
def test_files_and_pixels_are_answered_with_names_as_the_run_answered(served):
    run, address = served
    stored, dataset = runs.predictions(run.id).iloc[:3], datasets.load("cifar10-sample")
    pixels = dataset.images[stored["row"].to_numpy()]
    files = [{"b64": base64.b64encode(_png(image)).decode()} for image in pixels]
    requests = [
        {"instances": files},
        {"signature_name": "bytes", "instances": [{"image_bytes": file} for file in files]},
        {"signature_name": "images", "instances": [{"images": image.tolist()} for image in pixels]},
    ]
    expected = stored.filter(regex=r"^p_\d+$").to_numpy()
    for request in requests:
        predictions = _post(address, request)["predictions"]
        np.testing.assert_allclose([each["probabilities"] for each in predictions], expected, atol=1e-4)
        assert [each["prediction"] for each in predictions] == [
            dataset.class_names[index] for index in stored["prediction"]
        ]


def _plain(value):
    if isinstance(value, bytes):
        return value.decode()
    return [_plain(each) for each in value] if np.ndim(value) else value.item()


def _png(pixels: np.ndarray) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    return stream.getvalue()


def _post(address: str, request: dict) -> dict:
    with urllib.request.urlopen(address, json.dumps(request).encode(), timeout=60) as answer:
        return json.load(answer)
