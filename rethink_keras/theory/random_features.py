"""Random ReLU features and least squares of minimum norm (not in the paper).

Belkin, Hsu, Ma and Mandal (2019), "Reconciling modern machine-learning practice
and the classical bias-variance trade-off": the test error of such a model peaks
where the number of features equals the number of training examples.
"""

import numpy as np
import scipy.linalg


def fit_random_features(
    train: tuple[np.ndarray, np.ndarray],
    test: np.ndarray,
    width: int,
    *,
    seed: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Fits one-hot labels with `width` random features, without a ridge.

    The features are `max(0, x W)`, with independent normal weights of variance
    1/d. With at least as many features as examples, the solution is the
    interpolant of minimum norm, otherwise the least-squares solution.

    Args:
      train: inputs, float [n, d], and labels, integers [n].
      test: test inputs, float [m, d].
      width: number of features, at least 1.
      seed: random seed of the weights W. With the same seed, the features of a
        smaller width are not contained in those of a larger one.

    Returns:
      Predicted labels of the training examples [n] and of the test inputs [m].
    """
    x, labels = train
    classes, targets = np.unique(labels, return_inverse=True)
    rng = np.random.default_rng(seed)
    weights = rng.normal(size=(x.shape[1], width)) / np.sqrt(x.shape[1])
    features = np.maximum(x @ weights, 0)
    # QR with pivoting gives the solution of minimum norm.
    solution, *_ = scipy.linalg.lstsq(
        features, np.eye(len(classes))[targets], lapack_driver="gelsy"
    )
    outputs = (features, np.maximum(test @ weights, 0))
    fitted, predicted = (
        classes[(part @ solution).argmax(axis=1)] for part in outputs
    )
    return fitted, predicted
