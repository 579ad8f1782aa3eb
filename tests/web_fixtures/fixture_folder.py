"""A folder of fixtures: JSON files, beside them arrays as plain bytes."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray


class FixtureFolder:
    """Collects cases, and writes them as one JSON file.

    Args:
        path: folder, made if missing.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir(parents=True, exist_ok=True)
        self._cases: list[dict[str, Any]] = []

    def add(self, **case: Any) -> None:
        """Add a case; arrays become a file, its shape and its type."""
        number = len(self._cases)
        self._cases.append({key: self._store(f"{number}-{key}", v) for key, v in case.items()})

    def finish(self) -> None:
        """Write what was added."""
        (self.path / "cases.json").write_text(json.dumps(self._cases), "utf-8")

    def _store(self, name: str, value: Any) -> Any:
        if isinstance(value, np.ndarray):
            return self._store_array(name, value)
        if isinstance(value, (list, tuple)):
            return [self._store(f"{name}-{at}", each) for at, each in enumerate(value)]
        if isinstance(value, dict):
            return {key: self._store(f"{name}-{key}", each) for key, each in value.items()}
        return value

    def _store_array(self, name: str, array: NDArray[Any]) -> dict[str, Any]:
        kind = "uint8" if array.dtype in (np.uint8, np.bool_) else "float32"
        (self.path / f"{name}.bin").write_bytes(array.astype(kind).tobytes())
        return {"file": f"{name}.bin", "shape": list(array.shape), "type": kind}
