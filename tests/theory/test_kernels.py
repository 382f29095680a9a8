"""Kernel interpolation, compared with closed forms and scikit-learn."""

import numpy as np
import pytest
import scipy.linalg
from sklearn.kernel_ridge import KernelRidge
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.model_selection import cross_val_score
from sklearn.utils.estimator_checks import parametrize_with_checks

from rethink_keras import InputError
from rethink_keras.theory import KernelClassifier, cholesky, kernels


@pytest.fixture
def small_blocks(monkeypatch):
    """Sets a block size that does not divide the number of examples."""
    for module in (cholesky, kernels):
        monkeypatch.setattr(module, "BLOCK", 7)


@pytest.fixture(scope="module")
def blobs():
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(4, 5))
    labels = rng.integers(0, 4, 60)
    return centres[labels] + rng.normal(size=(60, 5)), labels


@parametrize_with_checks([KernelClassifier(ridge=1e-3, dtype="float64")])
def test_the_estimator_follows_scikit_learn(estimator, check):
    check(estimator)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("ridge", [0.0, 0.5])
@pytest.mark.parametrize("kernel", ["gaussian", "linear"])
@pytest.mark.usefixtures("small_blocks")
def test_solutions_equal_kernel_ridge(blobs, kernel, ridge, dtype):
    points, labels = blobs
    if kernel == "linear":  # as many features as examples, or more
        points = np.random.default_rng(1).normal(size=(60, 80))
    theirs = KernelRidge(
        alpha=max(ridge, 1e-12),
        kernel={"gaussian": "rbf"}.get(kernel, kernel),
        gamma=0.3,
    ).fit(points, np.eye(4)[labels])
    ours = KernelClassifier(
        kernel, gamma=0.3, ridge=ridge, dtype=dtype, tolerance=1e-7
    ).fit(points, labels)
    assert ours.residual_ <= 1e-7
    tests = points[:20] + 0.1
    np.testing.assert_allclose(
        ours.decision_function(tests),
        theirs.predict(tests),
        atol=1e-6 if dtype == "float64" else 1e-3,
    )


@pytest.mark.usefixtures("small_blocks")
def test_the_norm_is_that_of_the_kernels_function_space(blobs):
    points, labels = blobs
    ours = KernelClassifier(gamma=0.3, dtype="float64").fit(points, labels)
    targets = np.eye(4)[labels]
    matrix = rbf_kernel(points, gamma=0.3)
    squared = np.trace(targets.T @ np.linalg.solve(matrix, targets))
    assert ours.norm_ == pytest.approx(np.sqrt(squared), rel=1e-9)
    assert ours.score(points, labels) == 1


@pytest.mark.usefixtures("small_blocks")
def test_a_linear_kernel_is_the_minimum_norm_solution():
    rng = np.random.default_rng(0)
    points, labels = rng.normal(size=(20, 50)), rng.integers(0, 3, 20)
    ours = KernelClassifier("linear", dtype="float64").fit(points, labels)
    weights = points.T @ ours.dual_coef_
    shortest = scipy.linalg.pinv(points) @ np.eye(3)[labels]
    np.testing.assert_allclose(weights, shortest, atol=1e-10)
    assert ours.norm_ == pytest.approx(np.linalg.norm(shortest))


@pytest.mark.usefixtures("small_blocks")
def test_conjugate_gradients_refine_a_float32_factor():
    """At condition 1e6, an unrefined float32 solution is off by a percent."""
    rng = np.random.default_rng(0)
    basis, _ = np.linalg.qr(rng.normal(size=(50, 50)))
    matrix = (basis * np.geomspace(1, 1e-6, 50)) @ basis.T
    matrix = np.triu(matrix).astype("float32")
    exact = np.triu(matrix) + np.triu(matrix, 1).T
    right = rng.normal(size=(50, 3))
    system = cholesky.InPlaceCholesky(matrix, 1e-6, lambda text: None)
    x, residual = cholesky.refine(
        system, right, tolerance=1e-8, steps=50, log=lambda text: None
    )
    assert residual <= 1e-8
    found = np.linalg.norm(exact.astype("float64") @ x - right)
    assert found / np.linalg.norm(right) <= 1e-7


def test_a_precomputed_matrix_gives_the_same_solution(blobs):
    points, labels = blobs
    matrix = rbf_kernel(points, gamma=0.3)
    given = KernelClassifier("precomputed", dtype="float64")
    given.fit(matrix, labels)
    own = KernelClassifier(gamma=0.3, dtype="float64").fit(points, labels)
    np.testing.assert_allclose(given.dual_coef_, own.dual_coef_, rtol=1e-6)
    np.testing.assert_array_equal(
        given.predict(matrix[:9]), own.predict(points[:9])
    )


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_precomputed_matrix_is_kept_unless_copy_is_off(blobs, dtype):
    points, labels = blobs
    matrix = rbf_kernel(points, gamma=0.3).astype(dtype)
    options = {"kernel": "precomputed", "dtype": dtype, "ridge": 1e-6}
    before = matrix.copy()
    fitted = KernelClassifier(**options).fit(matrix, labels)
    np.testing.assert_array_equal(matrix, before)
    assert fitted.score(matrix, labels) == 1
    KernelClassifier(**options, copy=False).fit(matrix, labels)
    assert (matrix != before).any()


def test_precomputed_matrices_are_split_by_rows_and_columns(blobs):
    points, labels = blobs
    given, own = (
        cross_val_score(machine, inputs, labels, cv=3)
        for machine, inputs in (
            (KernelClassifier("precomputed"), rbf_kernel(points, gamma=0.3)),
            (KernelClassifier(gamma=0.3), points),
        )
    )
    np.testing.assert_array_equal(given, own)


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"kernel": "poly"}, r"kernel=poly.*gaussian"),
        ({"gamma": 0}, "gamma=0"),
        ({"gamma": "scale"}, "gamma=scale: must be a number"),
        ({"ridge": -1}, "ridge=-1"),
        ({"ridge": "1"}, "ridge=1: must be a number"),
        ({"tolerance": 0}, "tolerance=0"),
        ({"tolerance": None}, "tolerance=None"),
        ({"dtype": "float16"}, "dtype=float16"),
    ],
)
def test_invalid_options_are_reported(blobs, options, named):
    with pytest.raises(InputError, match=named):
        KernelClassifier(**options).fit(*blobs)


def test_a_singular_system_is_reported():
    points, labels = np.ones((4, 2)), np.array([0, 1, 0, 1])
    singular = r"ridge=0\.0: the system is singular in {}.*a larger ridge{}$"
    for dtype, advice in (("float32", " or float64"), ("float64", "")):
        with pytest.raises(InputError, match=singular.format(dtype, advice)):
            KernelClassifier(dtype=dtype).fit(points, labels)
    KernelClassifier(ridge=0.1).fit(points, labels)


def test_points_far_from_the_origin_keep_their_distances():
    near = np.arange(10.0)[:, None]
    labels = [0, 1] * 5
    outputs = [
        KernelClassifier(gamma=1.0).fit(x, labels).decision_function(x + 0.25)
        for x in (near, near + 10_000)
    ]
    np.testing.assert_allclose(*outputs, rtol=1e-5)


@pytest.mark.parametrize("kernel", ["gaussian", "linear"])
def test_an_overflow_is_reported(kernel):
    points = [[1e20], [2e20], [4e20]]
    machine = KernelClassifier(kernel, ridge=0.1)
    with pytest.raises(InputError, match="X: squared norms overflow float32"):
        machine.fit(points, [0, 1, 1])


def test_insufficient_memory_is_reported_before_the_work(blobs, monkeypatch):
    class Little:
        available = 1000

    monkeypatch.setattr(kernels.psutil, "virtual_memory", Little)
    needs = r"^60 training examples in {} need .* GiB.*; use fewer examples{}$"
    for dtype, advice in (("float32", ""), ("float64", " or float32")):
        with pytest.raises(InputError, match=needs.format(dtype, advice)):
            KernelClassifier(dtype=dtype).fit(*blobs)
