"""Rows of `accuracy.py`, for the tests of what is made of them."""

from typing import Any


def make_row(**values: Any) -> dict[str, Any]:
    """Make a row of a lesion that was found, but for what is given."""
    row = {
        "run": "without-busi",
        "list": "test",
        "id": "a",
        "group": "a",
        "source": "busi",
        "pathology": "benign",
        "dice": 0.8,
        "iou": 0.7,
        "hd95_px": 3.0,
        "assd_px": 1.0,
        "precision": 0.8,
        "recall": 0.8,
        "lesion_px": 100,
        "pred_px": 100,
        "overlap_px": 80,
        "false_lesions": 0,
        "probability": 0.9,
        "boundary_uncertainty": 0.1,
        "malignancy": 0.5,
        "device": "",
        "image_px": 10_000,
        "depth": 0.3,
        "normal": False,
        "part": False,
    }
    return {**row, **values}
