"""Theorem 1 and Corollary 1: exact values and exact numbers of weights."""

import collections
import json
import os
import sys

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from rethink_keras import InputError, RunConfig
from rethink_keras.results import find_runs
from rethink_keras.results.records import find_records, write_record
from rethink_keras.runs import parameters
from rethink_keras.theory import (
    deep_expressive_relu_network,
    expressive_relu_network,
)
from rethink_keras.theory.expressivity import Hinges, hinges
from rethink_keras.theory.projection import project
from rethink_keras.theory.theorem1 import demonstrate, width_of
from tests.support.processes import finish


def largest_error(network, points, values) -> float:
    outputs = network.predict(points, batch_size=1_000, verbose=0)
    values = np.reshape(values, outputs.shape)
    return np.abs(outputs - values).max() / np.abs(values).max()


def hidden_layers(tensor, known: dict[int, int]) -> int:
    """Returns the most ReLUs on any path from the input to a tensor."""
    if id(tensor) not in known:
        operation, node, _ = tensor._keras_history
        before = operation._inbound_nodes[node].input_tensors
        is_relu = type(operation).__name__ in ("Hinges", "Relu")
        known[id(tensor)] = is_relu + max(
            (hidden_layers(t, known) for t in before), default=0
        )
    return known[id(tensor)]


def widths_of(network) -> list[int]:
    """Returns the number of ReLUs in each hidden layer."""
    widths, known = collections.Counter(), {}
    for operation in network.operations:
        if type(operation).__name__ in ("Hinges", "Relu"):
            tensor = operation.output
            widths[hidden_layers(tensor, known)] += tensor.shape[-1]
    return list(widths.values())


@given(
    count=st.integers(1, 300),
    dimensions=st.integers(1, 40),
    scale=st.sampled_from([1e-6, 1.0, 1e6]),
    seed=st.integers(0, 2**31 - 1),
)
@settings(max_examples=25)
def test_any_function_on_any_points(count, dimensions, scale, seed):
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(count, dimensions)) * scale + rng.normal()
    values = rng.standard_cauchy(size=count)
    network = expressive_relu_network(points, values)
    assert parameters(network) == 2 * count + dimensions
    assert largest_error(network, points, values) <= 1e-6


@pytest.mark.parametrize(("count", "dimensions"), [(10_000, 1), (10_000, 50)])
def test_ten_thousand_points(count, dimensions):
    rng = np.random.default_rng(count + dimensions)
    points = rng.normal(size=(count, dimensions))
    values = rng.normal(size=count)
    network = expressive_relu_network(points, values)
    assert parameters(network) == 2 * count + dimensions
    assert largest_error(network, points, values) <= 1e-6


@pytest.mark.seconds
@given(
    count=st.integers(1, 200),
    depth=st.integers(2, 30),
    outputs=st.integers(1, 3),
    seed=st.integers(0, 2**31 - 1),
)
@settings(max_examples=15)
def test_any_depth(count, depth, outputs, seed):
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(count, 4))
    values = rng.normal(size=(count, outputs))
    network = deep_expressive_relu_network(points, values, depth)
    assert largest_error(network, points, values) <= 1e-6
    weights = 4 + count + outputs * count
    weights += 4 * min((depth - 1) // 2, count) if depth > 2 else 0
    assert parameters(network) == weights
    assert hidden_layers(network.output, {}) + 1 == depth


def test_depth_narrows_the_network():
    points = np.arange(100.0)[:, None]
    values = np.sin(points[:, 0])
    network = deep_expressive_relu_network(points, values, depth=21)
    widths = [
        layer.count for layer in network.layers if isinstance(layer, Hinges)
    ]
    assert max(widths) == 10
    assert width_of(100, 21) == 10 + 3
    assert width_of(100, 5) == 50 + 2
    assert width_of(100, 3) == width_of(100, 2) == 100


@pytest.mark.parametrize("count", [1, 2, 3, 7, 16, 17, 40])
@pytest.mark.parametrize("depth", [3, 5, 7, 17])
def test_the_width_is_that_of_the_widest_layer(count, depth):
    points = np.arange(float(count))[:, None]
    network = deep_expressive_relu_network(points, points[:, 0], depth)
    assert width_of(count, depth) == max(widths_of(network))


def test_the_triangular_system_is_that_of_lemma_1():
    rng = np.random.default_rng(0)
    positions = np.sort(rng.uniform(size=30))
    values = rng.normal(size=(30, 2))
    biases, weights = hinges(-1.0, positions, values)
    assert (biases < positions).all()
    assert (biases[1:] > positions[:-1]).all()
    matrix = np.maximum(positions[:, None] - biases, 0)
    np.testing.assert_allclose(matrix @ weights, values, atol=1e-9)
    np.testing.assert_allclose(
        np.linalg.eigvals(matrix).min(), (positions - biases).min(), rtol=1e-6
    )


def test_images_are_projected_without_rounding():
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, size=(50, 2_352)).astype("uint8")
    projection = project(images, np.zeros(50))
    scaled = np.round(projection.direction * 2**20).astype("int64")
    np.testing.assert_array_equal(scaled, projection.direction * 2**20)
    exact = np.sort(images.astype("int64") @ scaled)
    np.testing.assert_array_equal(projection.positions * 2**20, exact)


def test_values_can_be_one_hot_labels():
    rng = np.random.default_rng(0)
    points, labels = rng.normal(size=(60, 3)), rng.integers(0, 10, 60)
    network = expressive_relu_network(points, np.eye(10)[labels])
    predicted = network.predict(points, verbose=0).argmax(axis=1)
    np.testing.assert_array_equal(predicted, labels)


def test_equal_points_count_once_and_conflicts_are_reported():
    points = np.array([[0.0, 1.0], [2.0, 3.0], [0.0, 1.0]])
    network = expressive_relu_network(points, [5.0, 6.0, 5.0])
    assert parameters(network) == 2 * 2 + 2
    assert largest_error(network, points, [5.0, 6.0, 5.0]) <= 1e-12
    with pytest.raises(InputError, match="points: 0 and 2 are equal"):
        expressive_relu_network(points, [5.0, 6.0, 7.0])


@pytest.mark.parametrize(
    ("points", "values", "named"),
    [
        (np.zeros(3), np.zeros(3), r"points: .*\(3,\)"),
        (np.zeros((0, 2)), np.zeros(0), r"points: .*\(0, 2\)"),
        (np.zeros((2, 2)), np.zeros(3), r"values: .*\(3,\)"),
        ([[np.nan]], [0.0], "points: .*finite"),
        ([[0.0]], [np.inf], "values: .*finite"),
        ([[0.0]], ["cat"], "values: must be real numbers; received <U3"),
        ([["cat"]], [0.0], "points: must be real numbers"),
        ([[0.0]], [1j], "values: must be real numbers"),
    ],
)
def test_invalid_input_is_reported(points, values, named):
    with pytest.raises(InputError, match=named):
        expressive_relu_network(points, values)
    for depth in (1, 2.5, "3"):
        with pytest.raises(InputError, match=f"depth={depth}: must be a whole"):
            deep_expressive_relu_network([[0.0]], [0.0], depth)


@pytest.mark.parametrize("depth", [2, 5])
@pytest.mark.parametrize(
    ("points", "values", "named"),
    [
        ([[1e308], [-1e308]], [1, 2], "points: their distances overflow"),
        ([[1e308, 1e308], [0, 0]], [1, 2], "points: their distances overflow"),
        ([[0], [1]], [1e308, -1e308], "values: the slopes .* overflow"),
        ([[0], [1e-300]], [0, 1e10], "values: the slopes .* overflow"),
        ([[0], [1], [1e3]], [0, 1e306, 0], "values: the slopes .* overflow"),
    ],
)
def test_an_overflow_is_reported_instead_of_nan(points, values, named, depth):
    with pytest.raises(InputError, match=named):
        deep_expressive_relu_network(np.array(points), values, depth)


@pytest.mark.parametrize("depth", [2, 5])
@pytest.mark.parametrize(
    ("points", "values"),
    [([[1e300], [-1e300]], [1, 2]), ([[0], [1], [2]], [1e300, -1e300, 0])],
)
def test_large_numbers_are_represented(points, values, depth):
    points = np.array(points, "float64")
    network = deep_expressive_relu_network(points, values, depth)
    assert largest_error(network, points, values) <= 1e-6


def test_the_experiment_memorizes_and_writes_its_record(tmp_path):
    config = RunConfig(randomize="labels", train_examples=200, seed=3)
    record = demonstrate(config, depths=(2, 9))
    rows = record.tables["networks"]
    assert [row["weights"] for row in rows[:2]] == [
        2 * 200 + 2_352,
        2 * 200 + 2_352 + 4 * 4,
    ]
    assert [row["accuracy %"] for row in rows[:2]] == [100, 100]
    path = write_record(record, str(tmp_path), "python launch/theorem1.py")
    (found,) = find_records(tmp_path)
    assert found.tables == record.tables
    assert found.figures == record.figures
    assert found.command == "python launch/theorem1.py"
    assert not find_runs(tmp_path)
    content = json.loads((path / "result.json").read_text())
    assert content["tables"]["networks"] == rows
    assert (path / "construction.png").read_bytes().startswith(b"\x89PNG")
    assert list(path.glob("events.out.tfevents*"))


def test_a_backend_that_rounds_to_float32_is_refused():
    pytest.importorskip("jax", reason="the extra [jax] is not installed")
    program = (
        "from rethink_keras.theory import expressive_relu_network as build\n"
        "print(build([[0.0], [1.0]], [3.0, -2.0]).count_params())"
    )
    for enabled, expected in (("0", ""), ("1", "5")):
        environment = {"KERAS_BACKEND": "jax", "JAX_ENABLE_X64": enabled}
        done = finish(
            [sys.executable, "-c", program], env={**os.environ, **environment}
        )
        assert done.stdout.strip() == expected
        assert ("set JAX_ENABLE_X64=1" in done.stderr) == (enabled == "0")
