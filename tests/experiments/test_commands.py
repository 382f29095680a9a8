"""Commands that run the rows of a table, in processes."""

import pytest

from rethink_keras.results import run_directory
from tests.support.finished import row_of, write_result
from tests.support.processes import finish_forked


@pytest.mark.slow
def test_a_table_skips_finished_rows_and_ends_with_1_if_one_fails(tmp_path):
    for name in ("mlp_1x512", "mlp_1x512_weight_decay"):
        write_result(tmp_path, row_of("table1", name, "sample"))
    failing = row_of("table1", "mlp_1x512_random_labels", "sample")
    other = run_directory(tmp_path, failing.config) / "model.keras"
    other.parent.mkdir(parents=True)
    other.touch()  # the run refuses the directory
    done = finish_forked(
        "rethink_keras.cli.console",
        "table1",
        "--rows=mlp_1x512*",
        f"--workdir={tmp_path}",
    )
    assert done.returncode == 1
    assert "1 of 3 runs to do" in done.stdout
    assert "Table 1: true and random labels" in done.stdout
    last = done.stderr.splitlines()[-1]
    failed = "failed with exit code 2: python -m rethink_keras.main"
    assert last.startswith(failed)
    table = tmp_path / "table1_sample"
    assert (table / "mlp_1x512" / "seed=0").is_dir()
