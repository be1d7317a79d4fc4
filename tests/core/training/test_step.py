"""What a training leaves behind."""

import os

import pytest


@pytest.mark.slow
@pytest.mark.skipif(os.environ.get("KERAS_BACKEND", "tensorflow") != "tensorflow", reason="TensorFlow's leak alone")
def test_released_variables_take_no_memory_even_where_a_graph_keeps_them():
    import keras
    import tensorflow as tf

    from core.training import step

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
    model.compile("adam", "mse")
    model.train_on_batch(tf.zeros((2, 4)), tf.zeros((2, 3)))
    variables = [*model.variables, *model.optimizer.variables]
    handles = [variable.value.handle for variable in variables]
    step.release(variables)
    left = [
        tf.raw_ops.ReadVariableOp(resource=handle, dtype=variable.value.dtype)
        for handle, variable in zip(handles, variables, strict=True)
    ]
    assert sum(tf.size(tensor).numpy() for tensor in left) == 0
