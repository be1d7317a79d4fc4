"""What scripts of transformers share: a folder of weights, read with NumPy alone, and the class token."""

from core import quoting, settings
from core.backbones import checkpoints
from core.backbones.catalog import Backbone
from core.config import RunConfig
from core.errors import RunError


def weights(config: RunConfig, spec: Backbone) -> str | None:
    """The value of WEIGHTS, a folder; None for an untrained network.

    Raises:
        WeightsError: The weights are no longer on this machine.
        RunError: They are no safetensors, which NumPy alone could read.
    """
    if config.weights == "untrained":
        return None
    folder = checkpoints.here(spec) if config.weights == "published" else settings.expanded(config.weights).resolve()
    file = checkpoints.weights_file(folder or settings.home() / "weights" / spec.weights_file, spec)
    if file.name != checkpoints.SAFETENSORS:
        raise RunError(
            f"The weights of {spec.name} in {file} are not one safetensors file",
            f"{checkpoints.SAFETENSORS}, which a script reads with NumPy alone",
            f"Take the Keras file, or repeat the run with Hugging Face's folder {spec.weights_file}",
        )
    return quoting.python(str(file.parent))


FIRST_TOKEN = '''
class FirstToken(keras.layers.Layer):
    """The class token, which has gathered information from all patches."""

    def call(self, x):
        return x[:, 0]
'''

READ = '''
def tensors(path):
    """Reads a safetensors file: the length of the header, the header as JSON, then the values of all tensors."""
    dtypes = {"F32": np.float32, "F16": np.float16}
    with open(path, "rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        values = file.read()
    return {
        name: np.frombuffer(values[slice(*entry["data_offsets"])], dtypes[entry["dtype"]]).reshape(entry["shape"])
        for name, entry in header.items()
        if entry.get("dtype") in dtypes
    }


stored = tensors(f"{WEIGHTS}/model.safetensors")


def put(layer, name):
    """Sets a layer's weights and biases. The file has outputs first; Keras has them last, and splits the heads."""
    for variable, value in zip(layer.weights, (stored[f"{name}.weight"].T, stored.get(f"{name}.bias"))):
        variable.assign(value.reshape(variable.shape))
'''
