"""Private parts of KerasHub and Keras that the towers use; `tests/core/backbones/clip/test_layers.py` watches them."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import keras


def class_token(name: str | None = None) -> "keras.Layer":
    """A layer from (b, t, width) to the class token (b, width).

    KerasHub's own layer, although it is one line: so an exported model opens wherever KerasHub is installed.
    """
    from keras_hub.src.models.clip.clip_layers import CLIPVisionPooler

    return CLIPVisionPooler(name=name)


def attention_projections(attention: "keras.layers.MultiHeadAttention") -> tuple[Any, Any, Any, Any]:
    """The dense layers of an attention: query, key, value, output."""
    return attention._query_dense, attention._key_dense, attention._value_dense, attention._output_dense


def attention_in(operation: Any, x: Any) -> tuple[Any, Any] | None:
    """The attention that is or begins an operation of a transformer, and its input for the operation's input x."""
    from keras.layers import MultiHeadAttention
    from keras_hub.src.models.clip.clip_layers import CLIPEncoderLayer

    if isinstance(operation, MultiHeadAttention):
        return operation, x
    return (operation.attention, operation.layer_norm_1(x)) if isinstance(operation, CLIPEncoderLayer) else None
