"""The tables of docs/performance.md are those of the recorded benchmarks."""

import pathlib
import runpy

ROOT = pathlib.Path(__file__).parents[2]
TOOL = runpy.run_path(str(ROOT / "tools" / "performance.py"))


def test_the_page_agrees_with_the_recorded_benchmarks():
    page = TOOL["PAGE"].read_text()
    assert TOOL["make_page"](page) == page
    stale = page.replace("| `mlp_1x512` | float32", "| `other` | float32")
    assert stale != page
    assert TOOL["make_page"](stale) == page


def test_a_row_has_medians_and_medians_of_ratios():
    row = {
        "model": "mlp_1x512",
        "precision": "mixed_bfloat16",
        "speeds": {"loop": [100.0, 200.0, 400.0], "bare": [200.0] * 3},
        "flops": 1e6,
        "ceiling": 0.5e9,
    }
    assert TOOL["row_of"](row, ceiling=1e9) == (
        "| `mlp_1x512` | bfloat16 | 200 | 20% | 1.00 (0.50 to 2.00) |  |  |"
    )


def test_shares_are_of_the_fastest_products_of_the_run_in_the_precision():
    rows = [
        {
            "model": f"{precision}_{ceiling:.0e}",
            "precision": precision,
            "speeds": {"loop": [100.0]},
            "flops": 1e6,
            "ceiling": ceiling,
        }
        for precision, ceiling in (("a", 1e8), ("a", 4e8), ("b", 2e8))
    ]
    recorded = {
        "device": "a device",
        "instructions": [],
        "versions": {"tensorflow": "1", "keras": "2"},
        "rows": rows,
    }
    *_, first, second, third, _ = TOOL["table_of"](recorded).split("\n")
    assert [line.split(" | ")[3] for line in (first, second, third)] == [
        "25%",
        "25%",
        "50%",
    ]
