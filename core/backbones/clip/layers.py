"""Private parts of KerasHub and Keras that the towers use; `tests/core/backbones/clip/test_layers.py` watches them."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import keras


def class_token(name: str | None = None) -> "keras.Layer":
    """A layer from (b, t, width) to the class token (b, width).

    KerasHub's own layer, although it is one line: so an exported model opens wherever KerasHub is installed.
    """
    from keras_hub.src.models.clip.clip_layers import CLIPVisionPooler

    return CLIPVisionPooler(name=name)


def tanh_gelu() -> Callable[[Any], Any]:
    """GELU by the hyperbolic tangent, as SigLIP computes it: KerasHub's own function, for the same reason."""
    from keras_hub.src.utils.keras_utils import gelu_approximate

    return gelu_approximate


def attention_projections(attention: "keras.layers.MultiHeadAttention") -> tuple[Any, Any, Any, Any]:
    """The dense layers of an attention: query, key, value, output."""
    return attention._query_dense, attention._key_dense, attention._value_dense, attention._output_dense


def attends(operation: Any) -> bool:
    """Whether an operation is or contains the attention of a transformer."""
    from keras.layers import MultiHeadAttention
    from keras_hub.src.models.clip.clip_layers import CLIPEncoderLayer

    return isinstance(operation, MultiHeadAttention | CLIPEncoderLayer)


def attended(operation: Any, inputs: Sequence[Any], attend: Callable[[Any, Any, Any], Any]) -> Any:
    """The output of an operation that `attends`, whose attention is done by `attend(attention, from, to)`."""
    from keras.layers import MultiHeadAttention

    if isinstance(operation, MultiHeadAttention):
        return attend(operation, *inputs)
    (x,) = inputs
    y = operation.layer_norm_1(x)
    x = x + attend(operation.attention, y, y)
    return x + operation.dense_2(operation.activation(operation.dense_1(operation.layer_norm_2(x))))
