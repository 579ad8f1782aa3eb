"""Break the package in one place at a time, and see whether the tests of that place notice.

Each of `MUTANTS` is one small error that a person could make: a constant moved, a comparison
turned, an axis flipped. It is written into a copy of the checkout, and one test file is run on it.
A mutant that lives is a behaviour that no test holds. Where the text to be replaced is not found
exactly once, its file was changed or moved: the list ends with an error then, so that it is mended.

    python benchmarks/mutants.py                    # all, some minutes
    python benchmarks/mutants.py --only lesions/    # those of which a path has this in it
    python benchmarks/mutants.py --check            # only whether each is still found
"""

import argparse
import importlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
COPIED = ("pipeline", "configs", "bundle", "tests", "benchmarks", "pyproject.toml")
LINKED = ("models", "docs", "README.md", "CHANGELOG.md", "LICENSE", "constraints.txt")

PRELOADED = ("torch", "monai.bundle", "monai.networks.nets", "monai.transforms", "skimage.measure")
"""What takes seconds to import, and nearly every test needs; nothing of the package itself."""

KILLED = (1, 2)
"""Exit codes of pytest: a test has failed, or the module could not even be imported."""


@dataclass(frozen=True)
class Mutant:
    """One error.

    Attributes:
        file: where it is made, below `pipeline/`.
        old: text that stands there once.
        new: what it is replaced by.
        test: file below `tests/` that has to fail.
    """

    file: str
    old: str
    new: str
    test: str

    @property
    def path(self) -> Path:
        """Below the root."""
        return Path("pipeline") / self.file

    def apply(self, root: Path) -> str:
        """Make the error below `root`; return the text of before.

        Raises:
            SystemExit: the text is not there exactly once, or the test file is gone.
        """
        if not (root / "tests" / self.test).is_file():
            raise SystemExit(f"error: expected a test file tests/{self.test}, got none")
        path = root / self.path
        if not path.is_file():
            raise SystemExit(f"error: expected a file {self.path}, got none")
        text = path.read_text("utf-8")
        if (count := text.count(self.old)) != 1:
            raise SystemExit(f"error: expected {self.old!r} once in {self.path}, got {count}")
        path.write_text(text.replace(self.old, self.new), "utf-8")
        return text


MUTANTS = (
    Mutant(
        "transforms/boundary_uncertaintyd.py",
        "_DOUBTFUL = (0.2, 0.8)",
        "_DOUBTFUL = (0.25, 0.8)",
        "transforms/test_boundary_uncertaintyd.py",
    ),
    Mutant(
        "transforms/boundary_uncertaintyd.py",
        "(values > low) & (values < high)",
        "(values > low) & (values < 1)",
        "transforms/test_boundary_uncertaintyd.py",
    ),
    Mutant(
        "transforms/lesion_probabilityd.py",
        "pixels: int = 200,",
        "pixels: int = 100,",
        "transforms/test_lesion_probabilityd.py",
    ),
    Mutant(
        "transforms/keep_targetd.py",
        ">= self.threshold:",
        "> self.threshold:",
        "transforms/test_keep_targetd.py",
    ),
    Mutant(
        "transforms/keep_targetd.py",
        "label(convert_to_numpy(item[key][0]) > 0, connectivity=2)",
        "label(convert_to_numpy(item[key][0]) > 0, connectivity=1)",
        "transforms/test_keep_targetd.py",
    ),
    Mutant(
        "transforms/keep_major_lesions.py",
        "areas >= self.share * areas.max()",
        "areas > self.share * areas.max()",
        "transforms/test_keep_major_lesions.py",
    ),
    Mutant(
        "transforms/relative_threshold.py",
        "probabilities >= self.threshold",
        "probabilities > self.threshold",
        "transforms/test_relative_threshold.py",
    ),
    Mutant(
        "transforms/relative_threshold.py",
        "self.threshold * whole)",
        "self.threshold)",
        "transforms/test_relative_threshold.py",
    ),
    Mutant(
        "transforms/resize_smoothly.py",
        "dtype=torch.float64) + 0.5) * scale - 0.5)",
        "dtype=torch.float64) + 0.5) * scale)",
        "transforms/test_resize_smoothly.py",
    ),
    Mutant(
        "transforms/resize_smoothly.py",
        "sigma = torch.tensor(max(0.0, (scale - 1) / 2))",
        "sigma = torch.tensor(max(0.0, scale / 2))",
        "transforms/test_resize_smoothly.py",
    ),
    Mutant(
        "transforms/blank_outside_sectord.py",
        "if outside.mean() > 1 - _LEAST:",
        "if outside.mean() > 1:",
        "transforms/test_blank_outside_sectord.py",
    ),
    Mutant(
        "networks/adaptive_batch_norm.py",
        "share: float = 0.25",
        "share: float = 0.3",
        "networks/test_adaptive_batch_norm.py",
    ),
    Mutant(
        "networks/adaptive_batch_norm.py",
        "torch.lerp(self.running_mean.float()[:, None, None], mean, self.share)",
        "torch.lerp(self.running_mean.float()[:, None, None], mean, 1 - self.share)",
        "networks/test_adaptive_batch_norm.py",
    ),
    Mutant(
        "handlers/find_candidates.py",
        "_HIGHEST = 200",
        "_HIGHEST = 100",
        "handlers/test_find_candidates.py",
    ),
    Mutant(
        "handlers/find_candidates.py",
        "_SHARE = 0.5",
        "_SHARE = 0.6",
        "handlers/test_find_candidates.py",
    ),
    Mutant(
        "handlers/find_candidates.py",
        "_HIT, _MISS = 0.25, 0.05",
        "_HIT, _MISS = 0.3, 0.05",
        "handlers/test_find_candidates.py",
    ),
    Mutant("losses/lesion_loss.py", "(truth >= 0)", "(truth > 0)", "losses/test_lesion_loss.py"),
    Mutant(
        "lesions/judge_quality.py",
        "MOST_BOUNDARY_UNCERTAINTY = 0.5",
        "MOST_BOUNDARY_UNCERTAINTY = 0.55",
        "lesions/test_judge_quality.py",
    ),
    Mutant(
        "lesions/judge_quality.py",
        "_MOST_DARK, _MOST_BRIGHT = 0.98, 0.25",
        "_MOST_DARK, _MOST_BRIGHT = 0.98, 0.35",
        "lesions/test_judge_quality.py",
    ),
    Mutant(
        "lesions/judge_quality.py",
        "edges = (part[:1], part[-1:], part[:, :1], part[:, -1:])",
        "edges = (part[:1], part[-1:], part[:, :1])",
        "lesions/test_judge_quality.py",
    ),
    Mutant("lesions/lesion.py", "ratio >= ROUND", "ratio > ROUND + 1e-6", "lesions/test_lesion.py"),
    Mutant(
        "lesions/lesion.py",
        "ratio = depth / width * (mm[0] / mm[1] if mm else 1)",
        "ratio = depth / width * (mm[1] / mm[0] if mm else 1)",
        "lesions/test_lesion.py",
    ),
    Mutant(
        "lesions/lesion.py",
        "depth_mm=mm and depth * mm[0],",
        "depth_mm=mm and depth * mm[1],",
        "lesions/test_lesion.py",
    ),
    Mutant(
        "lesions/lesion.py",
        "return 2 * inside > int(",
        "return 4 * inside > int(",
        "lesions/test_lesion.py",
    ),
    Mutant(
        "lesions/measure_axes.py",
        "* scale) ** 2).sum(axis=-1)",
        "* scale[::-1]) ** 2).sum(axis=-1)",
        "lesions/test_measure_axes.py",
    ),
    Mutant(
        "lesions/measure_axes.py",
        "across = np.array([-along[1], along[0]])",
        "across = np.array([along[1], along[0]])",
        "lesions/test_measure_axes.py",
    ),
    Mutant(
        "lesions/outline.py",
        "return sum(lengths) / 2",
        "return sum(lengths) / 2.02",
        "lesions/test_outline.py",
    ),
    Mutant(
        "lesions/outline.py",
        "points = contour - 1",
        "points = contour - 0.5",
        "lesions/test_outline.py",
    ),
    Mutant(
        "lesions/convex_hull.py",
        "(twice_area + on_edges) // 2 + 1",
        "(twice_area + on_edges) // 2",
        "lesions/test_convex_hull.py",
    ),
    Mutant(
        "lesions/platt_scale.py",
        "- self.offset))",
        "+ self.offset))",
        "lesions/test_platt_scale.py",
    ),
    Mutant(
        "metrics/score_image.py",
        "HAUSDORFF_PERCENTILE = 95.0",
        "HAUSDORFF_PERCENTILE = 100.0",
        "metrics/test_score_image.py",
    ),
    Mutant(
        "metrics/bootstrap_interval.py",
        "[tail, 100 - tail]",
        "[tail, 100]",
        "metrics/test_bootstrap_interval.py",
    ),
    Mutant(
        "metrics/choose_operating_point.py",
        "SILENCED = 0.03",
        "SILENCED = 0.04",
        "metrics/test_choose_operating_point.py",
    ),
    Mutant(
        "readers/region/field_edges.py",
        "_LEAST_CONTRAST = 0.5",
        "_LEAST_CONTRAST = 0.3",
        "readers/region/test_field_edges.py",
    ),
    Mutant(
        "readers/region/field_edges.py",
        "_TOLERANCE_PX = 3",
        "_TOLERANCE_PX = 6",
        "readers/region/test_field_edges.py",
    ),
    Mutant(
        "readers/region/header_regions.py",
        "_OVERLAP_SHARE = 0.1",
        "_OVERLAP_SHARE = 0.2",
        "readers/region/test_header_regions.py",
    ),
    Mutant(
        "readers/region/header_regions.py",
        "box = top, left, bottom + 1, right + 1",
        "box = top, left, bottom, right",
        "readers/region/test_calibration.py",
    ),
    Mutant(
        "readers/region/header_regions.py",
        "return down * _MM_PER_CM, across * _MM_PER_CM",
        "return across * _MM_PER_CM, down * _MM_PER_CM",
        "readers/region/test_calibration.py",
    ),
    Mutant(
        "readers/region/refuse_scale.py",
        "_MOST_RATIO = 4.0",
        "_MOST_RATIO = 5.0",
        "readers/region/test_refuse_scale.py",
    ),
    Mutant(
        "readers/region/refuse_scale.py",
        "if max(mm) >= _COARSEST_MM:",
        "if max(mm) > _COARSEST_MM:",
        "readers/region/test_refuse_scale.py",
    ),
    Mutant(
        "readers/codec/upright.py", "6: (1,), 7:", "6: (0,), 7:", "readers/codec/test_upright.py"
    ),
    Mutant(
        "readers/dicom/dicom_grey.py",
        'inverted = self._photometric == "MONOCHROME1"',
        "inverted = False",
        "readers/dicom/test_dicom_grey.py",
    ),
    Mutant(
        "readers/dicom/dicom_grey.py",
        "return -(2 ** (self._bits - 1)) if is_signed else 0",
        "return -(2 ** self._bits) if is_signed else 0",
        "readers/dicom/test_dicom_grey.py",
    ),
    Mutant(
        "prepare/folds.py",
        "parts[group] = costs.index(min(costs))",
        "parts[group] = costs.index(max(costs))",
        "prepare/test_folds.py",
    ),
    Mutant(
        "prepare/folds.py",
        "return [parts[case.group] for case in cases]",
        "return [parts[group] for group in order][: len(cases)]",
        "prepare/test_folds.py",
    ),
    Mutant(
        "prepare/groups.py",
        'len(pathologies - {"unknown"}) > 1 or',
        "False or",
        "prepare/test_groups.py",
    ),
    Mutant(
        "prepare/masks.py",
        "return np.asarray(values > greatest / 2)",
        "return np.asarray(values > 0)",
        "prepare/test_masks.py",
    ),
    Mutant(
        "prepare/datalist.py",
        "validation_fraction: float = 0.1",
        "validation_fraction: float = 0.2",
        "prepare/test_datalist.py",
    ),
    Mutant(
        "writers/nifti_mask.py",
        "result.mask.T[..., None]",
        "result.mask.T[::-1, :, None]",
        "writers/test_nifti_mask.py",
    ),
    Mutant(
        "writers/nifti_mask.py",
        "np.diag([-across, -down, 1.0, 1.0])",
        "np.diag([-down, -across, 1.0, 1.0])",
        "writers/test_nifti_mask.py",
    ),
    Mutant("writers/png_mask.py", "LESION = 255", "LESION = 1", "writers/test_png_mask.py"),
    Mutant(
        "results/output_path.py",
        "LONGEST_NAME_BYTES = 255",
        "LONGEST_NAME_BYTES = 256",
        "results/test_output_path.py",
    ),
    Mutant(
        "journal/run_journal.py",
        "FAILED_EXIT_CODE = 2",
        "FAILED_EXIT_CODE = 1",
        "journal/test_run_journal.py",
    ),
    Mutant(
        "journal/run_lock.py",
        "return age < DEAD_S",
        "return age < 2 * DEAD_S",
        "journal/test_run_lock.py",
    ),
    Mutant(
        "atomic.py", "os.replace(temporary, path)", "os.link(temporary, path)", "test_atomic.py"
    ),
    Mutant(
        "readers/limits.py",
        "MOST_ELEMENTS = 50_000",
        "MOST_ELEMENTS = 5_000_000",
        "readers/dicom/test_dicom_header.py",
    ),
)


def run_test(root: Path, tests: Iterable[str]) -> int:
    """Run test files of a copy in a fork of this process, which has imported libraries already.

    Args:
        root: of the copy.
        tests: files below its `tests/`.

    Returns:
        The exit code of pytest.
    """
    process = os.fork()
    if process == 0:
        code = 3
        try:
            os.chdir(root)
            sys.path.insert(0, str(root))
            silence = os.open(os.devnull, os.O_WRONLY)
            os.dup2(silence, 1)
            os.dup2(silence, 2)
            import pytest

            paths = [str(root / "tests" / test) for test in tests]
            code = int(pytest.main(["-x", "-q", "-p", "no:cacheprovider", *paths]))
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


def main() -> int:
    """Make each error, and tell which of them no test has noticed.

    Returns:
        0, or 1 if one lives.

    Raises:
        SystemExit: a mutant does not fit the code any more, or the tests fail without any.
    """
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="", help="mutants of which a path has this in it")
    parser.add_argument("--check", action="store_true", help="run no test")
    args = parser.parse_args()
    mutants = [each for each in MUTANTS if args.only in f"{each.path} {each.test}"]
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder).resolve() / "checkout"
        _copy_checkout(root)
        for mutant in mutants:
            (root / mutant.path).write_text(mutant.apply(root), "utf-8")
        if args.check:
            print(f"{len(mutants)} mutants fit the code")
            return 0
        for name in PRELOADED:
            importlib.import_module(name)
        os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
        sys.dont_write_bytecode = True
        if code := run_test(root, sorted({mutant.test for mutant in mutants})):
            raise SystemExit(f"error: expected tests that pass without a mutant, got {code}")
        lived = [mutant for mutant in mutants if not _is_killed(root, mutant)]
    print(f"{len(mutants) - len(lived)} of {len(mutants)} mutants were killed")
    return 1 if lived else 0


def _copy_checkout(root: Path) -> None:
    root.mkdir()
    unwanted = shutil.ignore_patterns("__pycache__", "node_modules", "_bundle")
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, root / name, ignore=unwanted, symlinks=True)
        else:
            shutil.copyfile(ROOT / name, root / name)
    for name in LINKED:
        (root / name).symlink_to(ROOT / name)


def _is_killed(root: Path, mutant: Mutant) -> bool:
    before = mutant.apply(root)
    try:
        code = run_test(root, [mutant.test])
    finally:
        (root / mutant.path).write_text(before, "utf-8")
    if code not in (0, *KILLED):
        raise SystemExit(f"error: expected pytest to run tests/{mutant.test}, got {code}")
    verdict = "killed" if code else "LIVES "
    print(f"{verdict} {mutant.path}: {mutant.old.strip()!r} -> {mutant.new.strip()!r}", flush=True)
    return code != 0


if __name__ == "__main__":
    sys.exit(main())
