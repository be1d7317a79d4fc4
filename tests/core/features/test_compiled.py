"""What decides about a number beside the network: the precision of products; and how many networks stay compiled."""

import pytest

from core import hardware
from core.features import Encoder, compiled


def test_products_are_exact_while_anybody_needs_it(monkeypatch):
    import tensorflow as tf

    rounds = tf.config.experimental.tensor_float_32_execution_enabled
    monkeypatch.setattr(hardware, "describe", lambda: {"gpu": "NVIDIA H100"})
    with compiled.computing("float32"), compiled.computing("float32"):
        with compiled.computing("tf32"), compiled.computing("bfloat16"), compiled.computing("float32"):
            assert not rounds()
        assert not rounds()
    assert rounds()
    with pytest.raises(KeyError), compiled.computing("float32"):
        raise KeyError
    assert rounds()


def test_on_jax_only_float32_asks_for_exact_products(monkeypatch):
    import jax

    monkeypatch.setenv("KERAS_BACKEND", "jax")
    for precision, expected in (("float32", "highest"), ("tf32", None), ("bfloat16", None)):
        with compiled.computing(precision):
            assert jax.config.jax_default_matmul_precision == expected


def test_as_many_networks_stay_compiled_as_are_compared(home, monkeypatch):
    built = []
    monkeypatch.setattr(compiled, "compile", lambda *_args, **given: built.append(given["input_size"]))
    compiled.clear()
    encoders = [Encoder("Tiny", "untrained", size) for size in (32, 48, 64, 96)]
    for encoder in encoders * 2:
        compiled.build(encoder, image_size=32)
    compiled.clear()
    assert built == [32, 48, 64, 96]
