"""The report as an article: its first screen, order and wording."""

import base64
import re

import numpy as np
import pytest
import tensorflow as tf

from rethink_keras.experiments import TITLES, load
from rethink_keras.plotting import PALETTE, as_inline_svg
from rethink_keras.report.curves import curves
from rethink_keras.report.figures import COLOURS, draw
from rethink_keras.report.gap import rounded
from rethink_keras.report.judged import Score
from rethink_keras.report.measured import measure
from rethink_keras.report.names import plainly, readable
from rethink_keras.report.page import write_report
from rethink_keras.report.pictures import CONDITIONS, class_names, pictures
from rethink_keras.report.verdicts import Verdict
from rethink_keras.report.words import SEE
from rethink_keras.results import find_runs
from tests.support.finished import row_of, write_result


def report(logs, tmp_path):
    write_report(str(logs), str(tmp_path / "report"))
    return texts_of(tmp_path / "report")


def texts_of(folder):
    page = (folder / "index.html").read_text()
    return page, (folder / "report.md").read_text()


def first_screen(page):
    return page[page.index("<header>") : page.index("</header>")]


def words(html):
    return " ".join(re.sub(r"<[^>]*>", "", html).split())


@pytest.fixture(scope="module")
def gap(tmp_path_factory):
    """Runs of one network on true and on random labels, on the full set."""
    logs = tmp_path_factory.mktemp("gap") / "logs"
    write_result(logs, row_of("table1", "alexnet"), test_accuracy=0.7535)
    write_result(
        logs, row_of("table1", "alexnet_random_labels"), test_accuracy=0.0987
    )
    return logs


@pytest.fixture(scope="module")
def gap_report(gap, tmp_path_factory):
    """The page and the text about them."""
    return report(gap, tmp_path_factory.mktemp("report"))


@pytest.fixture(scope="module")
def reference(reference_report):
    """The report of the reference runs."""
    return texts_of(reference_report)


# The first screen


def test_the_first_screen_has_the_finding_in_our_numbers(gap_report):
    page, text = gap_report
    for shown in map(words, (first_screen(page), text.replace("**", ""))):
        assert "Alexnet classifies 75.4 % of the test images" in shown
        assert "fits 100 % of 50,000 training images" in shown
        assert "its test accuracy is 9.9 %, which is chance" in shown


def test_the_first_screen_has_pictures_a_chart_and_a_count(gap_report):
    page, _ = gap_report
    top = first_screen(page)
    assert top.count('src="data:image/png;base64,') == 15
    (label,) = re.findall(r'<svg[^>]*aria-label="([^"]*)"', top)
    assert "Alexnet on random labels: 100 % training, 9.9 % test" in label


def test_the_first_screen_counts_the_claims(reference):
    page, text = reference
    counted = re.findall(r"(\d+) of (\d+) claims hold", words(page))
    assert len(counted) == 3
    assert "undecided" in words(first_screen(page))
    in_text = re.findall(
        r"(\d+) of \d+ claims hold", text.partition("\n## ")[0]
    )
    assert in_text == [hold for hold, _ in counted]
    verdicts = re.findall(r'class="verdict holds"', page)
    assert len(verdicts) == sum(int(hold) for hold, _ in counted)


def test_without_random_labels_the_first_screen_says_what_to_run(tmp_path):
    write_result(tmp_path / "logs", row_of("table1", "mlp_1x512", "sample"))
    page, text = report(tmp_path / "logs", tmp_path)
    command = (
        "--flagfile=flags/table1/mlp_1x512_random_labels.txt"
        " --dataset=cifar10_sample"
    )
    assert command in first_screen(page)
    assert command in text.partition("\n## ")[0]


def test_a_network_that_does_not_fit_is_not_said_to(tmp_path):
    row = row_of("table1", "mlp_1x512_random_labels")
    write_result(tmp_path / "logs", row, train_accuracy=0.11)
    page, _ = report(tmp_path / "logs", tmp_path)
    assert "fits 11.0 % of the training images so far" in words(page)


def test_numbers_are_rounded_half_up():
    assert [rounded(x) for x in (100.0, 99.99, 75.35, 9.87)] == [
        "100",
        "99.9",
        "75.4",
        "9.9",
    ]


def test_counts_of_claims():
    verdicts = [
        Verdict(f"S{number}", "", "", "", verdict, "")
        for number, verdict in enumerate(
            (
                *("holds", "does not hold", "undecided", "undecided"),
                *("not measured yet", "not tested"),
            ),
            start=1,
        )
    ]
    score = Score("here", verdicts)
    assert (score.hold, score.total) == (1, 6)
    assert score.others == (
        "1 does not (S2), 2 undecided, 1 not measured, 1 not tested"
    )


def test_pictures_are_those_that_a_run_is_given(sample):
    """Labels and pixels are those of the package's own randomization."""
    from rethink_keras import RunConfig, pipeline, runs

    shown = pictures()
    names = class_names()
    assert [condition.name for condition in CONDITIONS] == list(shown)
    for condition in CONDITIONS:
        config = RunConfig(dataset="cifar10_sample", randomize=condition.kind)
        given = runs.InMemoryInputs.load(config).train_crops
        true, labels = map(np.asarray, (given.true_labels, given.labels))
        for picture in shown[condition.name]:
            first = int(np.argmax(true == names.index(picture.true_label)))
            assert picture.label == names[int(labels[first])]
            np.testing.assert_array_equal(
                tf.io.decode_png(base64.b64decode(picture.png)),
                pipeline.as_uint8(np.asarray(given.images[first])),
            )


# The page


def test_the_page_loads_nothing(reference):
    page, _ = reference
    assert "http" not in page
    assert "<link" not in page
    assert "@import" not in page
    for source in re.findall(r'\b(?:src|srcset)="([^"]*)"', page):
        assert source.startswith("data:")
    for target in re.findall(r'href="([^"]*)"', page):
        assert target[0] in "#." or target[0].isalnum()


def test_every_part_of_the_contents_exists(reference):
    page, _ = reference
    ids = re.findall(r'\bid="([^"]*)"', page)
    assert len(ids) == len(set(ids))
    targets = re.findall(r'href="#([^"]*)"', page)
    assert {"table1", "claims", "runs", "notes"} <= set(targets)
    assert set(targets) <= set(ids)


def test_only_experiments_with_runs_are_shown(gap_report):
    page, text = gap_report
    for title in ("Table 2", "Figure 2a", "Sample of 5,000", "Theorem 1:"):
        assert f"<h2>{title}" not in page
        assert f"## {title}" not in text


def test_rows_that_were_not_run_are_folded(gap_report):
    page, text = gap_report
    unfolded = re.sub(r"<details>.*?</details>", "", page, flags=re.DOTALL)
    assert "MLP 3x512" in page
    assert "MLP 3x512" not in words(unfolded[unfolded.index("</header>") :])
    assert "not run yet" not in words(unfolded).lower()
    assert "Not run yet: 17 rows" in text


def test_own_runs_alone_are_shown_alone(tmp_path):
    path = tmp_path / "logs"
    for kind, test in (("none", 0.8), ("labels", 0.26)):
        row = row_of("table1", "mlp_1x512", "sample")
        config = {**row.config.as_dict(), "randomize": kind}
        write_result(
            path,
            row,
            config=type(row.config).from_dict(config),
            given={"model": {"name": "mine"}, "data": {"name": "set"}},
            classes=4,
            test_accuracy=test,
        )
    page, text = report(path, tmp_path)
    top = words(first_screen(page))
    assert re.search(r"mine on set classifies 80.0 %", top)
    assert "its test accuracy is 26.0 %, which is chance" in top
    for shown in (page, text):
        assert "Your networks and data" in shown
        absent = ("Table 1", "claims hold", "Not run yet", "Figure 1", "Runs")
        for title in absent:
            assert title not in words(shown)


def test_names_are_readable_and_link_to_flagfiles(gap_report):
    page, _ = gap_report
    assert re.search(
        r'<a href="[^"]*flags/table1/alexnet_random_labels.txt">'
        r"Alexnet, random labels</a>",
        page,
    )


def test_every_row_has_a_readable_name():
    for experiment in TITLES:
        names = [readable(row.name) for row in load(experiment, "paper")]
        assert len(set(names)) == len(names)
        assert not any("_" in name for name in names)
    assert set(SEE) == set(TITLES)
    assert readable("inception_no_batch_norm_random_labels") == (
        "Inception w/o BatchNorm, random labels"
    )
    assert plainly("mlp_1x512: 99 %; needs table1/mlp_1x512") == (
        "MLP 1x512: 99 %; needs table1/mlp_1x512"
    )


# Figures


def test_figures_follow_the_theme_of_the_page(gap):
    rows = measure("figure1a", "paper", find_runs(gap))
    figure = draw("figure1a", curves("figure1a", rows), "paper")
    svg = as_inline_svg(figure, "name", 'the "label"')
    assert svg.startswith('<svg viewBox="')
    assert 'aria-label="the &quot;label&quot;"' in svg
    assert "var(--vermillion)" in svg
    assert "<text" in svg
    assert not re.search("#[0-9a-f]{6}\\b", svg.replace("#ffffff", ""))


def test_conditions_have_colours_of_their_own():
    assert len(set(COLOURS.values())) == len(COLOURS)
    assert set(COLOURS.values()) <= set(PALETTE)
