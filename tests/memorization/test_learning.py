"""When examples are learned and forgotten, and in which order."""

import numpy as np
import pytest

from rethink_keras import RunConfig, run
from rethink_keras.errors import InputError
from rethink_keras.memorization import (
    first_learned,
    forgetting_events,
    learning_order_agreement,
)
from rethink_keras.randomization.label_noise import corrupt_labels
from tests.support.hits import FIRST_EPOCHS, FORGETTING_EVENTS, HITS


def test_first_epochs_and_forgetting_events_by_hand():
    assert first_learned(HITS).tolist() == FIRST_EPOCHS
    assert forgetting_events(HITS).tolist() == FORGETTING_EVENTS


def test_agreement_is_the_mean_rank_correlation_of_pairs():
    same, reverse = np.array([1, 2, 5]), np.array([9, 4, 3])
    assert learning_order_agreement([same, 2 * same]) == pytest.approx(1)
    assert learning_order_agreement([same, reverse]) == pytest.approx(-1)
    three = learning_order_agreement([same, same, reverse])
    assert three == pytest.approx((1 - 1 - 1) / 3)
    never = np.array([1, 2, 0])  # learned last
    assert learning_order_agreement([same, never]) == pytest.approx(1)
    assert np.isnan(learning_order_agreement([same, np.ones(3)]))


@pytest.mark.parametrize(
    "runs", [[np.ones(3)], [np.ones(3), np.ones(2)], [[], []]]
)
def test_agreement_needs_two_runs_on_the_same_examples(runs):
    with pytest.raises(InputError, match="two or more arrays of the same"):
        learning_order_agreement(runs)


@pytest.mark.parametrize("function", [first_learned, forgetting_events])
@pytest.mark.parametrize("hits", [HITS[0], HITS[:0], HITS[:, :0], 1])
def test_predictions_of_epochs_have_two_dimensions(function, hits):
    with pytest.raises(InputError, match=r"hits: must be bool \[epochs, n\]"):
        function(hits)


def easy_and_hard_images(count: int):
    """Noise with the pattern of one of three classes, strong or weak."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, count).astype("int32")
    patterns = rng.normal(size=(3, 8, 8, 1))
    strength = rng.uniform(0, 1, (count, 1, 1, 1))
    images = rng.normal(size=(count, 8, 8, 1)) + strength * patterns[labels]
    return images.astype("float32"), labels


@pytest.mark.slow
def test_runs_agree_more_on_the_order_of_true_labels(tmp_path):
    x, y = easy_and_hard_images(400)
    agreement = {}
    for name, labels in (
        ("true", y),
        ("random", corrupt_labels(y, num_classes=3, seed=0)),
    ):
        results = [
            run(
                RunConfig(
                    randomize="none",
                    epochs=25,
                    center_crop=False,
                    learning_rate=0.003,
                    learning_rate_decay=1.0,
                    seed=seed,
                ),
                tmp_path / f"{name}{seed}",
                data=((x, labels), (x, labels)),
                save_model=False,
                verbose=False,
            )
            for seed in (0, 1)
        ]
        agreement[name] = learning_order_agreement(
            [result.learning()["first_epoch"] for result in results]
        )
    assert agreement["true"] > agreement["random"] + 0.1, agreement
