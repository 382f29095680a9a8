"""The digits of scikit-learn."""

import numpy as np
import pytest


def digits(count: int):
    """Returns `count` training examples and 300 test examples as arrays."""
    pytest.importorskip("sklearn", reason="the extra [theory] is not installed")
    from sklearn.datasets import load_digits

    loaded = load_digits()
    order = np.random.default_rng(0).permutation(len(loaded.target))
    images = (loaded.images[order, ..., None] / 16).astype("float32")
    labels = loaded.target[order].astype("int32")
    train, test = slice(300, 300 + count), slice(300)
    return (images[train], labels[train]), (images[test], labels[test])
