"""Runs of many epochs: what they hold does not grow."""

import psutil
import pytest

from tests.support.processes import start

pytestmark = pytest.mark.faults

EPOCHS = 200
WARM = 10  # epochs until TensorFlow has what it needs


def held_by(process: psutil.Process) -> tuple[int, int, int]:
    """Bytes of memory, threads and open files."""
    with process.oneshot():
        memory = process.memory_info().rss
        return memory, process.num_threads(), process.num_fds()


def test_200_epochs_hold_no_more_than_ten(tmp_path):
    with start(
        tmp_path, "--train_examples=300", f"--epochs={EPOCHS}"
    ) as process:
        watched = psutil.Process(process.pid)
        held = [
            held_by(watched)
            for line in process.stdout
            if line.startswith("epoch") and f"{EPOCHS}/" not in line
        ]
    assert process.returncode == 0
    assert len(held) == EPOCHS - 1
    memory, threads, files = zip(*held[WARM - 1 :], strict=True)
    assert max(memory) < 1.05 * memory[0]
    assert max(threads) <= threads[0]
    assert max(files) <= files[0] + 1  # a checkpoint being written
