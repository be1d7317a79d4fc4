"""Frozen networks on OpenVINO, which on a CPU is faster than TensorFlow.

    fastest(identity, make)     the network as it was converted before, or converted now

A network is converted once, compared with TensorFlow on a few inputs, and kept in the home folder: the next process
reads it without Keras. If the two differ, or OpenVINO cannot convert the network or is slower, TensorFlow runs it; this
is recorded, so that it is not tried again. Both compute in float32; docs/benchmarks.md says how far they differ.
"""

import json
import logging
import shutil
import sys
import zlib
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import numpy as np

from core import hardware, keras_defaults, settings, storage

VERSION = 1  # increase it when the same identity would give another network
FOLDER = "networks"
IR, NOTE = "network.xml", "note.json"  # the first with network.bin beside it
LARGEST = 2 * 10**9  # bytes of weights: a conversion holds them several times
BUDGET = 5 * 10**9  # bytes of all converted networks: the least recently used are removed
SMALLEST_COSINE = 0.99999
LARGEST_DIFFERENCE = 1e-3  # in standard deviations of all features
SLOWER = 0.95  # of TensorFlow's speed: below it, OpenVINO is not used
TIMING_SECONDS = 2.0  # the longest that both are timed
ROUNDS = 5
REASON = 500  # characters that are kept of an error: OpenVINO's name the operation at their end

Parts = dict[str, tuple[int, int]]  # output -> its first column and the one after its last

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Network:
    """A frozen network: a batch of inputs to (b, dim) float32, as an array or what `np.asarray` turns into one."""

    function: Callable[[np.ndarray], Any]
    dim: int
    parts: Parts = field(default_factory=dict)


@dataclass(frozen=True)
class Original:
    """A network on TensorFlow, with what its conversion needs."""

    network: Network
    convertible: Any  # the same as a `tf.function` without operations that OpenVINO lacks
    examples: np.ndarray  # inputs on which both are compared
    model: Any  # the `keras.Model`, which keeps its variables alive


def available(precision: str) -> bool:
    """Whether frozen networks of this precision can run on OpenVINO here: in float32, on a CPU."""
    return precision == "float32" and keras_defaults.backend() == "tensorflow" and not hardware.describe()["gpu"]


def fastest(identity: dict[str, Any], make: Callable[[], Original], precision: str = "float32") -> Network:
    """The converted network if it is kept; otherwise it is made, and converted unless that failed before.

    Where OpenVINO is not `available`, it is TensorFlow's.

    Args:
        identity: Plain values that decide about the output for a given input, and name the network's folder.
        make: Builds the network with Keras, whose backend is TensorFlow.
    """
    if not available(precision):
        return make().network
    path = settings.folder(FOLDER) / storage.digest(identity | {"openvino": version("openvino"), "version": VERSION})
    with storage.locked(storage.lock_of(path)):
        note = _note(path)
        if note and not note["refused"]:
            try:
                network = _read(path, note)
                storage.used(path)
                return network
            except (OSError, RuntimeError, ValueError) as error:
                log.warning("The converted network in %s cannot be read (%s): converting it again", path, error)
                note = None
        original = make()
        network = original.network if note else _convert(original, path, identity)
    if note is None:
        evict(BUDGET, keep=path)
    return network


def with_constants(network: Any) -> Callable[[Any], Any]:
    """A `keras.Model` as a function in which its weights are constants, for a conversion.

    OpenVINO looks each variable up among all others, several times, which is a third to two thirds of its time.
    """
    import tensorflow as tf

    groups = (network.trainable_variables, network.non_trainable_variables)
    weights = [[tf.convert_to_tensor(variable.value) for variable in group] for group in groups]
    return lambda inputs: network.stateless_call(*weights, inputs, training=False)[0]


def kept() -> dict[Path, int]:
    """The folders of converted networks with their bytes, least recently used first."""
    folders = [note.parent for note in settings.folder(FOLDER).glob(f"*/{NOTE}")]
    folders.sort(key=lambda folder: folder.stat().st_mtime)
    return {folder: sum(file.stat().st_size for file in folder.iterdir()) for folder in folders}


def evict(budget: int, keep: Path | None = None) -> None:
    """Remove least recently used networks until all take at most `budget` bytes; one that is being read stays."""
    folders = kept()
    storage.evict(folders, sum(folders.values()) - budget, keep)


def _convert(original: Original, path: Path, identity: dict[str, Any]) -> Network:
    """Convert, compare and keep it; TensorFlow's network and a note of the reason where that fails."""
    new = path.with_name(f".{path.name}.new")
    for folder in (path, new):
        shutil.rmtree(folder, ignore_errors=True)
    new.mkdir()
    network, started = original.network, perf_counter()
    note = {"identity": identity, "dim": network.dim, "parts": network.parts, "refused": "", "checksums": {}}
    try:
        if (size := 4 * original.model.count_params()) > LARGEST:
            raise ValueError(f"it has {size / 1e9:.1f} GB of weights, more than {LARGEST / 1e9:.0f} GB")
        _write(original, new / IR)
        converted = replace(network, function=_Function(new / IR))
        _compare(network, converted, original.examples)
        note["checksums"] = {file.name: _checksum(file) for file in new.iterdir()}
        network = converted
        log.info("Converted for OpenVINO in %.1f s", perf_counter() - started)
    except Exception as error:  # of many kinds; TensorFlow computes the same
        passing = isinstance(error, OSError | MemoryError | Warning) or storage.is_full(error)
        if passing or sys.flags.optimize > 1:  # `python -OO` takes the docstrings away, which OpenVINO reads
            log.warning("%s is not converted for OpenVINO: %s", identity.get("backbone"), error)
            shutil.rmtree(new, ignore_errors=True)
            return network
        note["refused"] = " ".join(f"{type(error).__name__}: {error}".split())[:REASON]
        log.warning("TensorFlow runs %s, OpenVINO does not: %s", identity.get("backbone"), note["refused"])
        for file in new.iterdir():
            file.unlink()
    (new / NOTE).write_text(json.dumps(note), encoding="utf-8")
    new.replace(path)
    return network


def _write(original: Original, path: Path) -> None:
    openvino = _openvino()
    model = openvino.convert_model(original.convertible.get_concrete_function())
    # SiLU, which has a gradient of its own, leaves further outputs in the graph: the network's is Identity.
    output = next(output for output in model.outputs if "Identity:0" in output.get_names())
    openvino.save_model(openvino.Model([output], model.get_parameters()), path, compress_to_fp16=False)


def _read(path: Path, note: dict[str, Any]) -> Network:
    for name, checksum in note["checksums"].items():
        if _checksum(path / name) != checksum:
            raise ValueError(f"{name} is damaged")
    parts = {name: (first, end) for name, (first, end) in note["parts"].items()}
    return Network(_Function(path / IR), note["dim"], parts)


def _compare(original: Network, converted: Network, examples: np.ndarray) -> None:
    """Raises ValueError where the converted network differs, or is slower."""
    expected, got = (np.asarray(network.function(examples)) for network in (original, converted))
    lengths = np.linalg.norm(expected, axis=1) * np.linalg.norm(got, axis=1)
    cosine = float(((expected * got).sum(axis=1) / np.maximum(lengths, np.finfo(np.float32).tiny)).min())
    difference = float(np.abs(expected - got).max() / max(expected.std(), np.finfo(np.float32).tiny))
    if not (cosine >= SMALLEST_COSINE and difference <= LARGEST_DIFFERENCE):  # also nan
        raise ValueError(f"its outputs differ (cosine {cosine:.6f}, {difference:.1e} standard deviations)")
    rounds, begun = [], perf_counter()
    while len(rounds) < ROUNDS and perf_counter() - begun < TIMING_SECONDS:
        rounds.append([_seconds(network, examples) for network in (original, converted)])
    speed = float(np.divide(*np.min(rounds, axis=0)))
    if speed < SLOWER:
        raise ValueError(f"it has {speed:.2f} of TensorFlow's speed")


def _seconds(network: Network, examples: np.ndarray) -> float:
    """Processor seconds: wall-clock time would depend on other work."""
    started = process_time()
    np.asarray(network.function(examples))
    return process_time() - started


class _Function:
    """A network of OpenVINO; any thread may call it, and calls overlap until their results are read."""

    def __init__(self, path: Path):
        openvino = _openvino()
        settings = {
            "INFERENCE_PRECISION_HINT": "f32",  # its own choice is bfloat16 or float16 where the processor has it
            "INFERENCE_NUM_THREADS": hardware.describe()["cores"],
            "NUM_STREAMS": 1,  # a batch at a time on all threads: two were slower where weights are large
            "ENABLE_CPU_PINNING": False,  # other work may be on those cores
        }
        self._compiled = openvino.Core().compile_model(path, "CPU", settings)
        self._free: deque = deque()  # requests, each with memory for its activations

    def __call__(self, inputs: np.ndarray) -> "_Result":
        try:
            request = self._free.pop()
        except IndexError:
            request = self._compiled.create_infer_request()
        request.start_async({0: inputs})
        return _Result(request, self._free)


class _Result:
    """The output of a request that may still run; `np.asarray` waits for it."""

    def __init__(self, request: Any, free: deque):
        self._request, self._free = request, free
        self._values: list[np.ndarray] = []  # one, once it has been waited for

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        if not self._values:
            self._request.wait()
            self._values.append(self._request.get_output_tensor(0).data.copy())
            self._free.append(self._request)
        return self._values[0].astype(dtype or np.float32, copy=bool(copy))


def _openvino() -> Any:
    """The package, without its telemetry: importing it, and each conversion, would report to Google Analytics."""
    sys.modules.setdefault("openvino_telemetry", None)  # pyright: ignore[reportArgumentType]: makes an import fail
    import openvino

    return openvino


def _note(path: Path) -> dict[str, Any] | None:
    try:
        return json.loads((path / NOTE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def _checksum(path: Path) -> int:
    checksum = 0
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            checksum = zlib.crc32(block, checksum)
    return checksum
