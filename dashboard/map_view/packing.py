"""Arrays encoded for the browser, and selections decoded from it."""

import base64

import numpy as np

from dashboard.map_view.columns import UNKNOWN, Column


def rows(ids: np.ndarray) -> bytes:
    """Row ids (n,), little-endian int32."""
    return ids.astype("<i4").tobytes()


def column(values: Column) -> bytes:
    """Codes as little-endian uint16, those without a name as `UNKNOWN`; numbers as float32."""
    if values.kind == "number":
        return values.values.astype("<f4").tobytes()
    codes = values.values.astype(np.int64)
    return np.where((codes < 0) | (codes >= len(values.names)), UNKNOWN, codes).astype("<u2").tobytes()


def chosen(bits: str, n: int) -> np.ndarray:
    """Which of n points are selected, (n,) bool; none if the text is not a selection of n points."""
    try:
        packed = np.frombuffer(base64.b64decode(bits, validate=True), np.uint8)
    except ValueError:
        packed = np.empty(0, np.uint8)
    if len(packed) != (n + 7) // 8:
        return np.zeros(n, bool)
    return np.unpackbits(packed, count=n).astype(bool)
