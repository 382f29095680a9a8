"""Tables of learning, forgetting and memorization scores."""

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from rethink_keras.memorization import (
    Ensemble,
    Scores,
    influence,
    learning_order_agreement,
    separation,
)

Learned = Sequence[Mapping[str, np.ndarray]]
"""What each run learned when: `first_epoch` and `forgetting_events`.

The first epoch of examples that are never learned is EPOCHS + 1.
"""
EPOCHS = 60
PARTLY = "partly corrupted"
"""The kind of labels that are wrong for some examples."""

_SHOWN = 10
_INFLUENTIAL = 5  # standard errors
_BINS = 10
_BOOTSTRAP: dict[str, Any] = {
    "n_resamples": 1_000,
    "method": "percentile",
    "paired": True,
    "vectorized": False,
    "random_state": 0,
}


def learning_tables(
    learned: Mapping[str, Learned], corrupted: np.ndarray
) -> dict[str, list[dict]]:
    """Returns the tables of learning and forgetting.

    Args:
      learned: runs by kind of labels.
      corrupted: bool [n], the examples that labels of kind PARTLY corrupt.
    """
    groups = {
        "true": learned["true"],
        f"{PARTLY}: clean": _select(learned[PARTLY], ~corrupted),
        f"{PARTLY}: corrupted": _select(learned[PARTLY], corrupted),
        "random": learned["random"],
    }
    last = max(run["first_epoch"].max() for run in groups["random"])
    epochs = [1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40, 50, 60]
    return {
        "agreement": [_agreement(kind, runs) for kind, runs in learned.items()],
        "learning and forgetting": [
            _learning(name, runs) for name, runs in groups.items()
        ],
        "learned by epoch": [
            {
                "epoch": epoch,
                **{
                    f"{name} %": 100
                    * float(np.mean([r["first_epoch"] <= epoch for r in runs]))
                    for name, runs in groups.items()
                },
            }
            for epoch in epochs
            if epoch <= last
        ],
    }


def _select(runs: Learned, chosen: np.ndarray) -> Learned:
    return [
        {name: values[chosen] for name, values in run.items()} for run in runs
    ]


def _agreement(kind: str, runs: Learned) -> dict[str, Any]:
    epochs = [run["first_epoch"] for run in runs]
    pairs = [
        learning_order_agreement(pair)
        for pair in itertools.combinations(epochs, 2)
    ]
    return {
        "labels": kind,
        "runs": len(runs),
        "agreement": _defined(float(np.mean(pairs))),
        "lowest pair": _defined(np.min(pairs)),
        "highest pair": _defined(np.max(pairs)),
    }


def _learning(name: str, runs: Learned) -> dict[str, Any]:
    first = [run["first_epoch"].mean() for run in runs]
    events = [run["forgetting_events"].mean() for run in runs]
    never = [100 * np.mean(run["first_epoch"] > EPOCHS) for run in runs]
    kept = [100 * np.mean(_ranked(run) == 0) for run in runs]
    return {
        "labels": name,
        "examples": len(runs[0]["first_epoch"]),
        "first epoch": float(np.mean(first)),
        "first epoch: deviation": float(np.std(first, ddof=1)),
        "forgetting events": float(np.mean(events)),
        "events: deviation": float(np.std(events, ddof=1)),
        "never learned %": float(np.mean(never)),
        "learned and never forgotten %": float(np.mean(kept)),
    }


def examples_as_csv(
    scores: Scores, learned: Learned, labels: Mapping[str, np.ndarray]
) -> bytes:
    """Returns a row for each training example as CSV.

    Args:
      scores: memorization scores.
      learned: runs on the partly corrupted examples.
      labels: int32 [n] by kind.
    """
    columns = {
        "label": labels[PARTLY],
        "true_label": labels["true"],
        "memorization_score": scores.score,
        "standard_error": scores.error,
        **_means(learned),
    }
    table = pd.DataFrame(columns).rename_axis("example")
    return table.to_csv(float_format="%.4g").encode()


def _means(learned: Learned) -> dict[str, np.ndarray]:
    """Returns means over the runs, [n] each."""
    return {
        name: np.mean([run[name] for run in learned], axis=0)
        for name in ("first_epoch", "forgetting_events")
    }


def score_tables(
    ensemble: Ensemble,
    scores: Scores,
    learned: Learned,
    corrupted: np.ndarray,
    labels: Mapping[str, np.ndarray],
) -> dict[str, list[dict]]:
    """Returns the tables of memorization scores and influences.

    Args:
      ensemble: networks on subsets of the partly corrupted examples.
      scores: memorization scores of the examples.
      learned: runs on all of these examples.
      corrupted: bool [n], the examples whose label is wrong.
      labels: int32 [n] by kind.
    """
    first = _means(learned)["first_epoch"]
    forgotten = np.mean([_ranked(run) for run in learned], axis=0)
    influences = influence(ensemble.testset_correctness, ensemble.trainset_mask)
    ratio = influences.score / influences.error
    groups = (("clean", ~corrupted), ("corrupted", corrupted))
    rows = []
    ranked = np.argsort(-scores.score, kind="stable")
    for index in ranked[~corrupted[ranked]][:_SHOWN]:
        # The largest of many influences that are only noise would be large.
        test = int(ratio[index].argmax())
        rows.append(
            {
                "example": int(index),
                "label": int(labels["true"][index]),
                "score": float(scores.score[index]),
                "standard error": float(scores.error[index]),
                "forgetting events": float(forgotten[index]),
                "test example": test,
                "influence": float(influences.score[index, test]),
                "influence: standard error": float(
                    influences.error[index, test]
                ),
            }
        )
    return {
        "networks on subsets": [
            _accuracies(ensemble, corrupted)
            | {
                "test images with an influence above 5 standard errors %": 100
                * float((ratio > _INFLUENTIAL).any(axis=0).mean())
            }
        ],
        "memorization scores": [
            _summary(name, scores.score[chosen], scores.error[chosen])
            for name, chosen in groups
        ],
        "corrupted or clean": [
            _told_apart(name, values, scores.score, corrupted)
            for name, values in (
                ("memorization score", scores.score),
                ("forgetting events", forgotten),
                ("first epoch", first),
            )
        ],
        "most memorized clean examples": rows,
        "distribution of scores": _histogram(scores.score, corrupted),
    }


def _ranked(run: Mapping[str, np.ndarray]) -> np.ndarray:
    """Returns forgetting events by which Toneva et al. (2019) rank examples.

    Those that are never learned have one in every epoch.
    """
    unlearned = run["first_epoch"] > EPOCHS
    return np.where(unlearned, EPOCHS, run["forgetting_events"])


def _accuracies(ensemble: Ensemble, corrupted: np.ndarray) -> dict[str, Any]:
    mask, correct = ensemble.trainset_mask, ensemble.trainset_correctness
    return {
        "networks": len(mask),
        "examples": mask.shape[1],
        "subset": int(mask[0].sum()),
        "accuracy on the subset %": 100 * float(correct[mask].mean()),
        "on other clean examples %": 100
        * float(correct[~mask & ~corrupted].mean()),
        "test accuracy %": 100 * float(ensemble.testset_correctness.mean()),
    }


def _summary(name: str, score: np.ndarray, error: np.ndarray) -> dict[str, Any]:
    return {
        "examples": name,
        "count": len(score),
        "mean score": float(score.mean()),
        "mean standard error": float(error.mean()),
        "score above 0.5 %": 100 * float((score > 0.5).mean()),
    }


def _told_apart(
    name: str, values: np.ndarray, score: np.ndarray, corrupted: np.ndarray
) -> dict[str, Any]:
    """Returns an AUC and a rank correlation with 95 % bootstrap intervals."""
    row: dict[str, Any] = {"quantity": name}

    def correlation(first, second):
        return stats.spearmanr(first, second).statistic

    for title, statistic, other in (
        ("AUC", separation, corrupted),
        ("correlation with score", correlation, score),
    ):
        drawn = stats.bootstrap(
            (values, other), statistic, **_BOOTSTRAP
        ).bootstrap_distribution
        # Without those that have only clean or only corrupted examples.
        drawn = drawn[~np.isnan(drawn)]
        low, high = (
            np.percentile(drawn, (2.5, 97.5)) if len(drawn) else [np.nan] * 2
        )
        row |= {
            title: _defined(statistic(values, other)),
            f"{title}: low": _defined(low),
            f"{title}: high": _defined(high),
        }
    return row


def _defined(value: float) -> float | None:
    """Returns None for NaN, as of the correlation with equal values."""
    return None if np.isnan(value) else float(value)


def _histogram(score: np.ndarray, corrupted: np.ndarray) -> list[dict]:
    edges = np.linspace(0, 1, _BINS + 1)
    clean, wrong = (
        100 * np.histogram(score[chosen].clip(0, 1), edges)[0] / chosen.sum()
        for chosen in (~corrupted, corrupted)
    )
    return [
        {
            "from": round(float(edge), 1),
            "clean %": float(of_clean),
            "corrupted %": float(of_wrong),
        }
        for edge, of_clean, of_wrong in zip(edges, clean, wrong, strict=False)
    ]
