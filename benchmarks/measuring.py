"""Times a training function; imported by workers of every framework."""

import time
from collections.abc import Callable

BATCH = 128
_WARM_SECONDS = 0.5


def warm_up(train: Callable[[int], object]) -> float:
    """Compiles and runs a function of steps; returns the seconds of a step."""
    train(1)
    steps, seconds = 1, 0.0
    while seconds < _WARM_SECONDS:
        steps *= 2
        begun = time.perf_counter()
        train(steps)
        seconds = time.perf_counter() - begun
    return seconds / steps


def speed(train: Callable[[int], object], epochs: int, steps: int) -> float:
    """Returns images per second over epochs of a number of steps.

    Takes one step before. While the process was idle, other processes used its
    caches, and the system may have released pages of its libraries.
    """
    train(1)
    begun = time.perf_counter()
    for _ in range(epochs):
        train(steps)
    return epochs * steps * BATCH / (time.perf_counter() - begun)
