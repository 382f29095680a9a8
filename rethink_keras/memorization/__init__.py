"""When examples are learned and forgotten, and which are memorized.

These are functions of predictions, of a run or of one's own networks.
"""

from rethink_keras.memorization.ensemble import (
    Ensemble,
    random_subsets,
    train_ensemble,
)
from rethink_keras.memorization.learning import (
    first_learned,
    forgetting_events,
    learning_order_agreement,
)
from rethink_keras.memorization.scores import (
    Scores,
    influence,
    memorization,
    separation,
)

__all__ = [
    "Ensemble",
    "Scores",
    "first_learned",
    "forgetting_events",
    "influence",
    "learning_order_agreement",
    "memorization",
    "random_subsets",
    "separation",
    "train_ensemble",
]
