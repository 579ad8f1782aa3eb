"""The notebook of the docs runs from its first cell to its last."""

import json
from pathlib import Path
from typing import Any

NOTEBOOK = Path(__file__).resolve().parents[2] / "docs" / "notebooks" / "segment.ipynb"


def test_every_cell_runs() -> None:
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    names: dict[str, Any] = {}
    for cell in cells:
        if cell["cell_type"] == "code":
            assert cell["outputs"] == []
            exec("".join(cell["source"]), names)
    assert len(names["rows"]) >= 6
    lengths = [lesion.long_axis.length_mm for lesion in names["again"].lesions]
    assert all(length > 0 for length in lengths)
    assert names["result"]._repr_html_().startswith("<figure>")
