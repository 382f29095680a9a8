"""Fixtures that the tests of runs share."""

import pytest


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    """The directory and the result of a run with one's own network."""
    from tests.runs.test_own_runs import own_run

    path = tmp_path_factory.mktemp("own")
    return path, own_run(path)
