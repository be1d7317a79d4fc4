"""What decides about a number beside the network: the precision of products."""

import pytest

from core import hardware
from core.features import compiled


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
