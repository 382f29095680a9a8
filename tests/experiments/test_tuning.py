"""The search for hyperparameters: its trials, its ranking, how it resumes."""

import dataclasses
import signal

import pytest
from etils import epath

from rethink_keras import DivergenceError, InterruptedRunError, RunConfig
from rethink_keras.experiments import tuning
from rethink_keras.experiments.tuning import RunTuner
from rethink_keras.results import find_runs


def test_what_fits_too_little_is_not_chosen(tmp_path):
    config = RunConfig(
        randomize="none", train_examples=50, validation_examples=100, epochs=10
    )

    def ranking(least: float):
        return RunTuner(config, ["learning_rate"], tmp_path, 2, least).tune()

    slow, fast = sorted(ranking(0.0), key=lambda t: t.config.learning_rate)
    assert slow.train_accuracy < fast.train_accuracy
    first, second = ranking(fast.train_accuracy)
    assert (first.config, first.fits) == (fast.config, True)
    assert (second.config, second.fits) == (slow.config, False)


@pytest.fixture
def asked(monkeypatch) -> list[RunConfig]:
    """The runs that a search asks for, which take no time."""
    configs: list[RunConfig] = []

    def measure(config, workdir):
        configs.append(config)
        workdir.mkdir(parents=True, exist_ok=True)
        if config.learning_rate > 0.1:
            raise DivergenceError("the loss is nan at step 1")
        accuracy = config.weight_decay * 10 + config.seed / 10
        return {"test_accuracy": accuracy, "train_accuracy": 1.0}

    monkeypatch.setattr(tuning, "run", measure)
    return configs


HELD_OUT = RunConfig(validation_examples=100)
DECAYS = [1e-5, 3.16e-5, 1e-4, 3.16e-4, 1e-3]


def search(path, trials, config=HELD_OUT, name="weight_decay"):
    """The values of the option in a ranking, the best last."""
    ranking = RunTuner(config, [name], epath.Path(path), trials).tune()
    return [getattr(tried.config, name) for tried in reversed(ranking)]


@pytest.mark.parametrize(
    "cut", [KeyboardInterrupt, InterruptedRunError("", signal.SIGTERM)]
)
def test_a_search_that_was_cut_off_goes_on(tmp_path, monkeypatch, asked, cut):
    def cut_off(config, workdir):
        if config.weight_decay > 2e-5:
            raise cut
        return measure(config, workdir)

    measure = tuning.run
    monkeypatch.setattr(tuning, "run", cut_off)
    with pytest.raises(KeyboardInterrupt):
        search(tmp_path, 3)
    monkeypatch.setattr(tuning, "run", measure)
    assert search(tmp_path, 3) == DECAYS[:3]


def test_more_trials_are_added_to_a_search(tmp_path, asked):
    assert search(tmp_path, 2) == DECAYS[:2]
    assert search(tmp_path, 5) == DECAYS


def test_another_search_in_a_directory_has_trials_of_its_own(tmp_path, asked):
    configs = [
        HELD_OUT,
        dataclasses.replace(HELD_OUT, seed=1),
        dataclasses.replace(HELD_OUT, dataset="cifar10"),
        dataclasses.replace(HELD_OUT, model="mlp_3x512"),
    ]
    for config in configs:
        asked.clear()
        assert search(tmp_path, 2, config) == DECAYS[:2]
        assert asked == [
            dataclasses.replace(config, weight_decay=decay)
            for decay in DECAYS[:2]
        ]
    rates = search(tmp_path, 2, name="learning_rate")
    assert sorted(rates) == [0.001, 0.00316]


def test_a_diverged_trial_counts_as_0_and_is_not_run_again(tmp_path, asked):
    config = dataclasses.replace(HELD_OUT, seed=1)
    first, again = (
        search(tmp_path, 6, config, "learning_rate") for _ in range(2)
    )
    assert first == again
    assert first[0] == 0.316
    assert [c.learning_rate for c in asked].count(0.316) == 1


def test_an_error_in_a_trial_ends_the_search(tmp_path, monkeypatch):
    def break_down(config, workdir):
        raise RuntimeError("out of memory")

    monkeypatch.setattr(tuning, "run", break_down)
    with pytest.raises(RuntimeError, match=r"^out of memory$"):
        search(tmp_path, 2)


def test_tuning_sees_held_out_images_alone_and_goes_on(tmp_path, capsys):
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
    scores = [tried.validation_accuracy for tried in ranking]
    assert scores == sorted(scores, reverse=True)
    runs = find_runs(tmp_path)
    assert {tried.config for tried in ranking} == set(runs)
    for tried in ranking:
        result = runs[tried.config].result
        assert tried.validation_accuracy == result["test_accuracy"]
        assert tried.train_accuracy == result["train_accuracy"]
    for found, finished in runs.items():
        assert found.validation_examples == 100
        hits = finished.result["test_accuracy"] * 100
        assert hits == pytest.approx(round(hits))
        assert dataclasses.replace(found, weight_decay=0.0) == config
    capsys.readouterr()
