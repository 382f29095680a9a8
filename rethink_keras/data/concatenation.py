"""Concatenates batches into arrays that tensors can share."""

import math
from collections.abc import Iterable, Sequence

import numpy as np

_ALIGNMENT = 64  # bytes, of TensorFlow's tensors


def concatenated(
    batches: Iterable[Sequence[np.ndarray]], count: int
) -> list[np.ndarray]:
    """Concatenates each field of batches of `count` examples in all.

    Unlike `np.concatenate`, it does not need all batches in memory. The arrays
    are aligned for tensors that share their memory.
    """
    whole: list[np.ndarray] = []
    end = 0
    for batch in batches:
        if not whole:
            whole = [
                _empty((count, *part.shape[1:]), part.dtype) for part in batch
            ]
        begin, end = end, end + len(batch[0])
        for field, part in zip(whole, batch, strict=True):
            field[begin:end] = part
    return whole


def _empty(shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    size = dtype.itemsize * math.prod(shape)
    memory = np.empty(size + _ALIGNMENT, np.uint8)
    begin = -memory.ctypes.data % _ALIGNMENT
    return memory[begin : begin + size].view(dtype).reshape(shape)
