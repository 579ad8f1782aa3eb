"""The examples for schedulers, run with the variables that those set."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from PIL import Image

from scale.shard_runs import IMAGE, call, list_options

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
JOB = EXAMPLES / "k8s-indexed-job.yaml"
SLURM = EXAMPLES / "slurm.sbatch"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    Image.fromarray(IMAGE).save(tmp_path / "in" / "a.png")
    return tmp_path / "in"


def make_program(folder: Path, text: str) -> Path:
    """Make a program of the name that the examples call."""
    folder.mkdir()
    program = folder / "breast-us-seg"
    program.write_text(f"#!/bin/sh\n{text}\n")
    program.chmod(0o755)
    return folder


def run_slurm(programs: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PATH": f"{programs}:{os.environ['PATH']}", **variables}
    bash = shutil.which("bash")
    assert bash is not None
    return subprocess.run(
        [bash, str(SLURM), *words], env=environment, capture_output=True, text=True, check=False
    )


def test_slurm_array_segments(source: Path, tmp_path: Path) -> None:
    output, options = tmp_path / "out", " ".join(list_options(tmp_path))
    assert call("plan", source, output, "--shards", 1) == 0
    text = f'exec {sys.executable} -m pipeline.cli.main "$@" {options}'
    programs = make_program(tmp_path / "bin", text)
    variables = {f"SLURM_ARRAY_TASK_{name}": "0" for name in ("ID", "MIN", "MAX")}
    ended = run_slurm(programs, str(source), str(output), SLURM_ARRAY_TASK_COUNT="1", **variables)
    assert ended.returncode == 0, ended.stderr
    assert call("merge", output) == 0
    assert (output / "masks" / "a.png").exists()


@pytest.mark.parametrize(("code", "told"), [(0, 0), (1, 1), (2, 0), (143, 143)])
def test_slurm_learns_what_another_try_may_change(tmp_path: Path, code: int, told: int) -> None:
    programs = make_program(tmp_path / "bin", f"exit {code}")
    assert run_slurm(programs, "in", "out").returncode == told


def test_slurm_waits_for_the_current_file(tmp_path: Path) -> None:
    text = (
        f"trap 'sleep 0.2; touch {tmp_path}/finished; exit 143' TERM\n"
        "sleep 0.5\nkill -TERM $PPID\nsleep 5 & wait\n"
    )
    programs = make_program(tmp_path / "bin", text)
    assert run_slurm(programs, "in", "out").returncode == 143
    assert (tmp_path / "finished").exists()


def test_kubernetes_job_segments(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = yaml.safe_load(JOB.read_text())["spec"]
    (container,) = spec["template"]["spec"]["containers"]
    assert spec["completionMode"] == "Indexed"
    assert spec["podFailurePolicy"]["rules"][1] == {
        "action": "FailIndex",
        "onExitCodes": {"operator": "In", "values": [2]},
    }
    assert [mount["mountPath"] for mount in container["volumeMounts"]] == ["/images", "/results"]
    output = tmp_path / "out"
    places = {"/images": str(source), "/results": str(output)}
    assert call("plan", source, output, "--shards", 2) == 0
    for index in range(2):
        monkeypatch.setenv("JOB_COMPLETION_INDEX", str(index))
        for variable in container["env"]:
            monkeypatch.setenv(variable["name"], variable["value"])
        words = [places.get(word, word) for word in container["args"]]
        assert call(*words, *list_options(tmp_path)) == 0
    assert call("merge", output) == 0
    assert (output / "masks" / "a.png").exists()
