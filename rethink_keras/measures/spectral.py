"""Spectral norms of layers, and the spectral complexity of a network."""

import keras
import numpy as np
import scipy.sparse.linalg
from keras import layers, ops

from rethink_keras.errors import InputError
from rethink_keras.measures.datasets import (
    Dataset,
    check_one_input_and_output,
)
from rethink_keras.measures.gradients import input_gradient
from rethink_keras.measures.linear_layers import (
    WEIGHTED,
    check_used_once,
    kernel_of,
    weighted_layers,
)
from rethink_keras.measures.norms import check_alike

_TOLERANCE = 1e-4  # relative, of the largest singular value
_SMALL = 16  # matrices with fewer rows or columns are decomposed whole


def spectral_complexity(
    model: keras.Model, dataset: Dataset, *, initial: keras.Model | None = None
) -> float:
    """Computes the spectral complexity of Bartlett et al. (2017).

    The product of the layers' spectral norms, times a sum over layers:
    `prod_i s_i * (sum_i (b_i / s_i)^(2/3))^(3/2)`. Here `b_i` is the sum, over
    the outputs of the layer, of the norm of the weights that enter it, minus
    the initial ones. BatchNorm is a diagonal layer, as at inference. Biases do
    not count.

    Args:
      model: the network.
      dataset: not used.
      initial: a network of the same architecture with the initial weights;
        None for zero.

    Raises:
      InputError: a layer is not supported, is used more than once or has
        weights that are not finite; or there are several inputs or outputs.
    """
    del dataset
    own_layers = weighted_layers(model)
    check_one_input_and_output(model)
    check_used_once(model)
    kernels = [kernel_of(layer) for layer in own_layers]
    if initial is None:
        references = [np.zeros_like(kernel) for kernel in kernels]
    else:
        check_alike(model, initial)
        references = [kernel_of(layer) for layer in weighted_layers(initial)]
    product, total = 1.0, 0.0
    for layer, kernel, reference in zip(
        own_layers, kernels, references, strict=True
    ):
        norm = spectral_norm(layer)
        product *= norm
        if norm:
            total += (_group_norm(layer, kernel - reference) / norm) ** (2 / 3)
    return float(product * total**1.5)


def spectral_norm(layer: keras.Layer) -> float:
    """Computes the largest singular value of a layer as a linear operator.

    The operator of a convolution acts on whole images with its own padding and
    strides. Its norm differs from that of the reshaped kernel.

    Args:
      layer: a Dense, Conv2D or BatchNormalization layer of a network.

    Raises:
      InputError: the layer is of another kind, is not built, or has weights
        that are not finite; or a convolution is not part of a functional or
        sequential network that takes images of a known size.
    """
    if not isinstance(layer, WEIGHTED):
        raise InputError(
            f"layer={getattr(layer, 'name', layer)}: must be a Dense, Conv2D or"
            f" BatchNormalization layer; received {type(layer).__name__}"
        )
    if not layer.built:
        raise InputError(
            f"layer={layer.name}: is not built; call its network on inputs once"
        )
    if isinstance(layer, layers.Conv2D) and (
        not layer._inbound_nodes or None in layer.output.shape[1:]
    ):
        raise InputError(
            f"layer={layer.name}: must be part of a functional or sequential"
            " network that takes images of a known size"
        )
    kernel = kernel_of(layer)
    if isinstance(layer, layers.BatchNormalization):
        return float(np.abs(kernel).max())
    if not kernel.any():
        return 0.0
    if isinstance(layer, layers.Dense):
        operator = scipy.sparse.linalg.aslinearoperator(kernel)
    else:
        operator = _convolution(layer)
    if min(operator.shape) < _SMALL:
        matrix = operator.matmat(np.eye(operator.shape[1], dtype="float32"))
        return float(np.linalg.norm(matrix.astype("float64"), 2))
    (value,) = scipy.sparse.linalg.svds(
        operator,
        k=1,
        tol=_TOLERANCE,
        v0=np.random.default_rng(0).normal(size=min(operator.shape)),
        return_singular_vectors=False,
    )
    return float(value)


def _convolution(layer: layers.Conv2D) -> scipy.sparse.linalg.LinearOperator:
    """Returns the operator of a convolution without its bias."""
    in_shape = (1, *layer.input.shape[1:])
    out_shape = (1, *layer.output.shape[1:])

    def convolve(images):
        return ops.conv(
            images,
            layer.kernel,
            strides=layer.strides,
            padding=layer.padding,
            dilation_rate=layer.dilation_rate,
            data_format=layer.data_format,
        )

    def apply(vector: np.ndarray) -> np.ndarray:
        images = vector.reshape(in_shape).astype("float32")
        return ops.convert_to_numpy(convolve(images)).ravel()

    def apply_transposed(vector: np.ndarray) -> np.ndarray:
        weights = vector.reshape(out_shape).astype("float32")
        zeros = np.zeros(in_shape, "float32")
        return input_gradient(lambda x: convolve(x) * weights, zeros).ravel()

    return scipy.sparse.linalg.LinearOperator(
        (int(np.prod(out_shape)), int(np.prod(in_shape))),
        matvec=apply,
        rmatvec=apply_transposed,
        dtype="float32",
    )


def _group_norm(layer: keras.Layer, kernel: np.ndarray) -> float:
    """Sums the norms of the weights that enter each output of a layer.

    All positions of a channel count, as if none were at the border.
    """
    last = kernel.shape[-1]
    if isinstance(layer, layers.BatchNormalization):
        norms = np.abs(kernel)
    else:
        norms = np.linalg.norm(kernel.reshape(-1, last), axis=0)
    positions = np.prod(layer.output.shape[1:]) / last
    return float(positions * norms.sum())
