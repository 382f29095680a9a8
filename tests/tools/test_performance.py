"""The tables of docs/performance.md are those of the recorded benchmarks."""

import pathlib
import runpy

ROOT = pathlib.Path(__file__).parents[2]
TOOL = runpy.run_path(str(ROOT / "tools" / "performance.py"))


def test_the_page_agrees_with_the_recorded_benchmarks():
    page = TOOL["PAGE"].read_text()
    assert TOOL["make_page"](page) == page
    assert "| `mlp_1x512` |" in page


def test_a_row_has_medians_and_medians_of_ratios():
    row = {
        "model": "mlp_1x512",
        "precision": "mixed_bfloat16",
        "speeds": {"loop": [100.0, 200.0, 400.0], "bare": [200.0] * 3},
        "flops": 1e6,
        "ceiling": 1e9,
    }
    assert TOOL["row_of"](row) == (
        "| `mlp_1x512` | bfloat16 | 200 | 20% | 1.00 |  |  |"
    )
