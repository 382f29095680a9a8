"""Hyperparameter search: trials, ranking and resuming."""

import dataclasses
import signal

import pytest
from etils import epath

from rethink_keras import DivergenceError, InterruptedRunError, RunConfig
from rethink_keras.experiments import tuning
from rethink_keras.experiments.tuning import RunTuner
from rethink_keras.results import find_runs


def test_trials_below_the_minimal_train_accuracy_are_ranked_last(tmp_path):
    config = RunConfig(
        randomize="none", train_examples=50, validation_examples=100, epochs=10
    )

    def ranking(minimum: float):
        return RunTuner(config, ["learning_rate"], tmp_path, 2, minimum).tune()

    slow, fast = sorted(ranking(0.0), key=lambda t: t.config.learning_rate)
    assert slow.train_accuracy < fast.train_accuracy
    first, second = ranking(fast.train_accuracy)
    assert (first.config, first.fits) == (fast.config, True)
    assert (second.config, second.fits) == (slow.config, False)


@pytest.fixture
def started(monkeypatch) -> list[RunConfig]:
    """Configs of the runs that a search starts; the runs are simulated."""
    configs: list[RunConfig] = []

    def measure(config, workdir, verbose):
        configs.append(config)
        workdir.mkdir(parents=True, exist_ok=True)
        if config.learning_rate > 0.1:
            (workdir / "diverged.txt").write_text("the loss is nan")
            raise DivergenceError("the loss is nan at step 1")
        accuracy = config.weight_decay * 10 + config.seed / 10
        return {"test_accuracy": accuracy, "train_accuracy": 1.0}

    monkeypatch.setattr(tuning, "run", measure)
    return configs


HELD_OUT = RunConfig(validation_examples=100)
DECAYS = [1e-5, 3.16e-5, 1e-4, 3.16e-4, 1e-3]


def search(path, trials, config=HELD_OUT, name="weight_decay"):
    """Returns the values of an option in a ranking, the best last."""
    ranking = RunTuner(config, [name], epath.Path(path), trials).tune()
    return [getattr(trial.config, name) for trial in reversed(ranking)]


@pytest.mark.parametrize(
    "error", [KeyboardInterrupt, InterruptedRunError("", signal.SIGTERM)]
)
@pytest.mark.usefixtures("started")
def test_an_interrupted_search_can_be_resumed(tmp_path, monkeypatch, error):
    def interrupt(config, workdir, verbose):
        if config.weight_decay > 2e-5:
            raise error
        return measure(config, workdir, verbose)

    measure = tuning.run
    monkeypatch.setattr(tuning, "run", interrupt)
    with pytest.raises((KeyboardInterrupt, InterruptedRunError)) as raised:
        search(tmp_path, 3)
    assert raised.value is error or raised.type is error
    monkeypatch.setattr(tuning, "run", measure)
    assert search(tmp_path, 3) == DECAYS[:3]


@pytest.mark.usefixtures("started")
def test_a_search_without_a_limit_tries_the_whole_grid(tmp_path):
    names = ["weight_decay", "dropout"]
    ranking = RunTuner(HELD_OUT, names, epath.Path(tmp_path)).tune()
    tried = {(t.config.weight_decay, t.config.dropout) for t in ranking}
    assert len(tried) == 7 * 4
    assert max(tried) == (1e-2, 0.75)


@pytest.mark.usefixtures("started")
def test_a_search_can_be_extended_by_more_trials(tmp_path):
    assert search(tmp_path, 2) == DECAYS[:2]
    assert search(tmp_path, 5) == DECAYS


def test_searches_that_share_a_directory_are_independent(tmp_path, started):
    configs = [
        HELD_OUT,
        dataclasses.replace(HELD_OUT, seed=1),
        dataclasses.replace(HELD_OUT, dataset="cifar10"),
        dataclasses.replace(HELD_OUT, model="mlp_3x512"),
    ]
    for config in configs:
        started.clear()
        assert search(tmp_path, 2, config) == DECAYS[:2]
        assert started == [
            dataclasses.replace(config, weight_decay=decay)
            for decay in DECAYS[:2]
        ]
    rates = search(tmp_path, 2, name="learning_rate")
    assert sorted(rates) == [0.001, 0.00316]


def test_a_diverged_trial_has_accuracy_0_and_is_not_repeated(tmp_path, started):
    config = dataclasses.replace(HELD_OUT, seed=1)
    first, again = (
        search(tmp_path, 6, config, "learning_rate") for _ in range(2)
    )
    assert first == again
    assert first[0] == 0.316
    assert [c.learning_rate for c in started].count(0.316) == 1


def test_an_error_in_a_trial_ends_the_search(tmp_path, monkeypatch):
    def fail(config, workdir, verbose):
        raise RuntimeError("out of memory")

    monkeypatch.setattr(tuning, "run", fail)
    with pytest.raises(RuntimeError, match=r"^out of memory$"):
        search(tmp_path, 2)


def test_a_search_evaluates_held_out_images_and_can_be_repeated(
    tmp_path, capsys
):
    config = RunConfig(
        randomize="none",
        train_examples=50,
        validation_examples=100,
        epochs=1,
    )

    ranking, again = (
        RunTuner(config, ["weight_decay"], tmp_path, trials=2).tune()
        for _ in range(2)
    )
    assert len(ranking) == 2
    assert again == ranking
    scores = [trial.validation_accuracy for trial in ranking]
    assert scores == sorted(scores, reverse=True)
    runs = find_runs(tmp_path)
    assert {trial.config for trial in ranking} == set(runs)
    for trial in ranking:
        result = runs[trial.config].result
        assert trial.validation_accuracy == result["test_accuracy"]
        assert trial.train_accuracy == result["train_accuracy"]
    for found, finished in runs.items():
        assert found.validation_examples == 100
        hits = finished.result["test_accuracy"] * 100
        assert hits == pytest.approx(round(hits))
        assert dataclasses.replace(found, weight_decay=0.0) == config
    capsys.readouterr()
