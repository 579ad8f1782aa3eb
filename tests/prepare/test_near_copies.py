import sys
from pathlib import Path

import imagehash
import numpy as np
import pytest
from dataset_files import Draw
from PIL import Image

from pipeline.errors import ConfigError
from pipeline.prepare import near_copies
from pipeline.prepare.near_copies import find_near_copies


def _texture(seed: int) -> np.ndarray:
    coarse = np.random.default_rng(seed).integers(0, 256, (8, 8), dtype=np.uint8)
    return np.asarray(Image.fromarray(coarse).resize((64, 48), Image.Resampling.BICUBIC))


@pytest.fixture
def paths(tmp_path: Path, draw: Draw) -> list[Path]:
    """a and b are one picture at two sizes and brightnesses, c is another one."""
    small = np.asarray(Image.fromarray(_texture(0)).resize((50, 40)))
    draw(tmp_path / "a.png", _texture(0))
    draw(tmp_path / "b.png", (small * 0.8).astype(np.uint8))
    draw(tmp_path / "c.png", _texture(1))
    return sorted(tmp_path.glob("*.png"))


class TestFindNearCopies:
    def test_groups_copies_only(self, paths: list[Path]) -> None:
        groups, failures = find_near_copies(paths)
        assert groups == [paths[:2]]
        assert failures == {}

    def test_distance_is_that_of_imagehash(self, paths: list[Path]) -> None:
        hashes = [imagehash.phash(Image.open(path)) for path in (paths[0], paths[2])]
        distance = hashes[0] - hashes[1]
        assert len(find_near_copies([paths[0], paths[2]], max_distance=distance)[0]) == 1
        assert find_near_copies([paths[0], paths[2]], max_distance=distance - 1)[0] == []

    def test_unreadable_file_is_reported(self, paths: list[Path]) -> None:
        paths[2].write_bytes(b"no image")
        groups, failures = find_near_copies(paths)
        assert groups == [paths[:2]]
        assert list(failures) == [paths[2]]

    def test_no_readable_file_gives_no_groups(self, tmp_path: Path) -> None:
        assert find_near_copies([tmp_path / "none.png"])[0] == []

    @pytest.mark.parametrize("distance", [-1, 64])
    def test_distance_out_of_range_is_an_error(self, distance: int) -> None:
        with pytest.raises(ConfigError, match="0 to 63 bits"):
            find_near_copies([], max_distance=distance)

    def test_missing_imagehash_names_the_extra(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "imagehash", None)
        with pytest.raises(ConfigError, match=r"pip install '\.\[datasets\]'"):
            find_near_copies([])

    def test_links_chains_over_blocks(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(near_copies, "_ROWS_AT_ONCE", 2)
        hashes = np.zeros((5, 64), dtype=np.bool_)
        hashes[1, :3] = True  # 3 bits from 0
        hashes[4, :6] = True  # 3 bits from 1, 6 from 0
        hashes[2, 20:24] = True  # 4 bits from 0
        hashes[3, 30:] = True
        first, second, third, fourth, fifth = near_copies._link_hashes(hashes, 3)
        assert first == second == fifth
        assert len({first, third, fourth}) == 3
