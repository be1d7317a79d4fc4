"""Heads trained epoch by epoch: curves, the best epoch, and weights that follow from the options alone."""

import threading
from dataclasses import replace

import numpy as np
import pytest

from core.heads import Options
from tests.core.heads.blobs import blobs, fit

pytestmark = pytest.mark.slow  # Keras takes a second for each head
both = pytest.mark.parametrize("method", ["linear-adam", "mlp"])


@both
def test_curves_have_a_point_an_epoch_and_the_best_epoch_is_kept(method):
    moments = []
    head = fit(method, spread=3.0, report=moments.append)
    told = [moment for moment in moments if moment.metrics]
    assert [moment.done for moment in told] == [point["step"] for point in head.curves] == [1, 2, 3, 4, 5, 6]
    accuracies = [point["validation_accuracy"] for point in head.curves]
    assert head.chosen["validation_accuracy"] == max(accuracies)
    assert head.chosen["last_validation_accuracy"] == accuracies[-1]
    x_val, y_val = blobs(1, spread=3.0)
    assert (head.predict_proba(x_val).argmax(1) == y_val).mean() == pytest.approx(max(accuracies))


@both
def test_other_threads_that_set_the_seed_of_keras_change_nothing(method):
    import keras

    options = Options(epochs=2, batch_size=16, hidden=16)
    alone = fit(method, options=options)
    done = threading.Event()

    def disturb() -> None:
        seed = 0
        while not done.wait(0.02):  # more often would only make TensorFlow forget its kernels more often
            keras.utils.set_random_seed(seed := seed + 1)

    thread = threading.Thread(target=disturb)
    thread.start()
    try:
        disturbed = fit(method, options=options)
    finally:
        done.set()
        thread.join()
    for name, values in alone.arrays().items():
        np.testing.assert_array_equal(disturbed.arrays()[name], values)


@both
def test_another_seed_gives_another_head_and_the_process_keeps_its_random_numbers(method):
    import keras

    options = Options(epochs=1, batch_size=16, hidden=16)
    keras.utils.set_random_seed(5)
    expected = np.random.random()  # noqa: NPY002 -- what other code may draw from
    keras.utils.set_random_seed(5)
    heads = [fit(method, options=replace(options, seed=seed)) for seed in (0, 1)]
    assert np.random.random() == expected  # noqa: NPY002
    assert not np.array_equal(heads[0].arrays()["kernel_0"], heads[1].arrays()["kernel_0"])
