"""Long runs: memory, threads and open files do not grow."""

from statistics import median

import psutil
import pytest

from tests.support.processes import start

pytestmark = pytest.mark.faults

EPOCHS = 200
WARM_UP = 10  # epochs until TensorFlow has allocated what it needs
GROWTH = 45e6  # bytes that the allocator may add; a leak of 240 kB an epoch


def resources_of(process: psutil.Process) -> tuple[int, int, int]:
    """Returns the bytes of memory, threads and open files of a process."""
    with process.oneshot():
        memory = process.memory_info().rss
        return memory, process.num_threads(), process.num_fds()


@pytest.mark.slow
def test_200_epochs_use_no_more_resources_than_ten(tmp_path):
    with start(
        tmp_path, "--train_examples=300", f"--epochs={EPOCHS}"
    ) as process:
        watched = psutil.Process(process.pid)
        used = [
            resources_of(watched)
            for line in process.stdout
            if line.startswith("epoch") and f"{EPOCHS}/" not in line
        ]
    assert process.returncode == 0
    assert len(used) == EPOCHS - 1
    memory, threads, files = zip(*used[WARM_UP - 1 :], strict=True)
    assert max(memory) < memory[0] + GROWTH
    # A line may be read late, while a file is written or the run ends.
    second_half = slice(EPOCHS // 2, None)
    assert median(threads[second_half]) <= threads[0]
    assert median(files[second_half]) <= files[0]
