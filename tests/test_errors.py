"""Messages of other libraries, as part of one line."""

import keras
import numpy as np
import pytest

from rethink_keras.errors import InputError, one_line
from rethink_keras.theory.extra import theory_extra


class Picky(keras.layers.Layer):
    """A layer that accepts no input."""

    def call(self, inputs):
        raise ValueError(f"not square:\n received {inputs.shape}")


def test_an_error_of_a_layer_begins_with_the_layers_own_words():
    with pytest.raises(ValueError, match="not square") as raised:
        Picky()(np.zeros((2, 3)))
    line = one_line(raised.value)
    assert line.startswith("not square: received (2, 3) Arguments received")
    assert line.isprintable()


def test_a_long_message_ends_with_a_whole_word():
    assert one_line(ValueError("word " * 40)) == " ".join(["word"] * 40)
    cut = one_line(ValueError("word " * 99))
    assert cut.split() == ["word"] * (len(cut.split()) - 1) + ["..."]
    assert 190 < len(cut) < 210
    assert one_line(ValueError("x" * 999)) == "x" * 200 + " ..."


def test_a_missing_package_is_named_with_all_that_needs_it():
    needs = "kernel machines, minimum norms, complexity and the data set digits"
    with (
        pytest.raises(InputError, match=f"^sklearn is not installed; {needs}"),
        theory_extra(),
    ):
        raise ModuleNotFoundError(name="sklearn")
