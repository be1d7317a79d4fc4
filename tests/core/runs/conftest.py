"""A head that was fitted once."""

import numpy as np
import pytest

from core import heads


@pytest.fixture(scope="module")
def head() -> heads.Head:
    x = np.random.default_rng(0).normal(size=(40, 4)).astype(np.float32)
    y = (x[:, 0] > 0).astype(np.int64)
    known = heads.Labelled(x, y)
    return heads.fit("linear", known, known, classes=2, options=heads.Options())
