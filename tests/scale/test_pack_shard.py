"""Shards whose files are packed hold what a single run writes, and nothing is lost on the way.

Images: `make_source`, of 64 x 96.
"""

import json
import subprocess
import tarfile
from pathlib import Path

import pytest
from PIL import Image

from pipeline.errors import ConfigError, WriteError
from pipeline.shards import list_shard as listing
from pipeline.shards import pack_shard as packing
from pipeline.shards.pack_shard import pack_shard
from scale.shard_runs import IMAGE, call, make_source, read_results

SHARDS = 2
NO_REPORT = ("--set", "outputs#report=false")


@pytest.fixture(scope="module")
def single(source: Path, options: list[str]) -> dict[str, bytes]:
    output = source.parent / "single"
    assert call("infer", source, output, *options, *NO_REPORT) == 2
    return read_results(output)


@pytest.fixture
def output(source: Path, options: list[str], tmp_path: Path) -> Path:
    """A run of all shards that are not packed."""
    for number in range(SHARDS):
        shard = ("--shard", f"{number}/{SHARDS}")
        assert call("infer", source, tmp_path, *shard, *options, *NO_REPORT) in (0, 2)
    return tmp_path


def list_loose(output: Path) -> list[str]:
    """List the results that are not packed."""
    paths = (path.relative_to(output) for path in output.rglob("*") if path.is_file())
    return sorted(path.as_posix() for path in paths if path.parts[0] not in ("shards", "packed"))


def list_packed(archives: list[Path]) -> list[str]:
    """List the results that are packed."""
    names: list[str] = []
    for archive in archives:
        with tarfile.open(archive) as packed:
            names += packed.getnames()
    return sorted(names)


def unpack(output: Path, number: int) -> None:
    """Do what the documentation says."""
    archive = f"packed/{number:05d}.tar"
    subprocess.run(["tar", "-xf", archive], cwd=output, check=True)
    (output / archive).unlink()


def test_archives_hold_what_a_single_run_writes(
    source: Path,
    options: list[str],
    single: dict[str, bytes],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    shards = [("--shard", f"{number}/{SHARDS}", "--pack") for number in range(SHARDS)]
    codes = [call("infer", source, tmp_path, *shard, *options) for shard in shards]
    assert sorted(codes) == [0, 2]
    assert list_loose(tmp_path) == []
    assert {path.name for path in tmp_path.iterdir()} == {"shards", "packed"}
    assert call("merge", tmp_path) == 2
    capsys.readouterr()
    assert call("status", tmp_path) == 0
    assert "packed: 0-1\n" in capsys.readouterr().out
    assert [call("infer", source, tmp_path, *shard, *options) for shard in shards] == codes
    for number in range(SHARDS):
        unpack(tmp_path, number)
    assert read_results(tmp_path) == single


def test_packed_shard_is_not_run_beside_its_archive(
    source: Path,
    options: list[str],
    output: Path,
    single: dict[str, bytes],
    capsys: pytest.CaptureFixture[str],
) -> None:
    pack_shard(output, 1)
    left = list_loose(output)
    shard = ("infer", source, output, "--shard", "1/2", *options)
    assert call(*shard, *NO_REPORT) in (0, 2)  # nothing to do
    assert call(*shard, *NO_REPORT, "--set", "threshold=0.3") == 1
    assert "threshold 0.3 in place of 0.87" in capsys.readouterr().err
    (output / "shards" / "00001" / "done.json").unlink()
    assert call("infer", source, output, "--shard", "1/2", *options, *NO_REPORT) == 1
    assert "tar -xf packed/00001.tar" in capsys.readouterr().err
    assert list_loose(output) == left
    unpack(output, 1)
    assert call("infer", source, output, "--shard", "1/2", *options, *NO_REPORT) in (0, 2)
    assert call("merge", output) == 2
    assert read_results(output) == single


def test_what_was_interrupted_goes_on(output: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = list_loose(output)
    unlink = Path.unlink

    def stop_at_a_mask(path: Path, **options: bool) -> None:
        if path.parent.name == "masks":
            raise KeyboardInterrupt
        unlink(path, **options)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", stop_at_a_mask)
        with pytest.raises(KeyboardInterrupt):
            list(map(pack_shard, [output] * SHARDS, range(SHARDS)))
    assert 0 < len(list_loose(output)) < len(before)
    archives = [pack_shard(output, number) for number in range(SHARDS)]
    assert list_loose(output) == []
    assert list_packed(archives) == before


def test_another_process_may_pack_the_shard_at_the_same_time(
    output: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, is_same = packing._write, packing._is_same

    def write_after_the_other(*args: object) -> None:
        monkeypatch.setattr(packing, "_write", write)
        monkeypatch.setattr(packing, "_is_same", remove_and_compare)
        packing.pack_shard(output, 0)
        write(*args)  # files are gone

    def remove_and_compare(path: Path, content: object) -> bool:
        if path.name.endswith("sweep.dcm"):
            path.unlink(missing_ok=True)  # by a third one
        return is_same(path, content)

    monkeypatch.setattr(packing, "_write", write_after_the_other)
    before = list_loose(output)
    archives = [pack_shard(output, number) for number in range(SHARDS)]
    assert list_loose(output) == []
    assert list_packed(archives) == before


def test_same_results_give_the_same_archive(output: Path) -> None:
    archive = pack_shard(output, 0)
    content = archive.read_bytes()
    unpack(output, 0)
    assert pack_shard(output, 0).read_bytes() == content


@pytest.mark.parametrize("content", [b"", b"other", None])
def test_file_that_differs_from_the_archive_is_kept(output: Path, content: bytes | None) -> None:
    archive = pack_shard(output, 0)
    packed = archive.read_bytes()
    unpack(output, 0)
    archive.write_bytes(packed)
    with tarfile.open(archive) as opened:
        mask = output / next(name for name in opened.getnames() if name.startswith("masks/"))
    longer = mask.read_bytes() + b"x"
    mask.write_bytes(longer if content is None else content)
    with pytest.raises(WriteError, match="it is not: move the archive away"):
        pack_shard(output, 0)
    assert mask.read_bytes() == (longer if content is None else content)


def test_archive_that_lacks_a_file_is_noticed(output: Path) -> None:
    archive = pack_shard(output, 0)
    unpack(output, 0)
    with tarfile.open(archive, "w"):
        pass
    before = list_loose(output)
    with pytest.raises(WriteError, match="are missing"):
        pack_shard(output, 0)
    assert list_loose(output) == before


def test_archive_that_is_damaged_is_noticed(output: Path) -> None:
    archive = pack_shard(output, 0)
    unpack(output, 0)
    archive.write_bytes(b"no archive" * 100)
    before = list_loose(output)
    with pytest.raises(WriteError, match="it is damaged"):
        pack_shard(output, 0)
    assert list_loose(output) == before


def test_what_another_process_has_left_of_a_failed_image_is_not_packed(output: Path) -> None:
    left = output / "masks" / "broken.png"
    left.write_bytes(b"half")
    claim = {"writes": ["masks/broken.png"], "of": "broken.png"}
    (output / "shards" / "00000" / "other-1-0.jsonl").write_text(json.dumps(claim) + "\n")
    with tarfile.open(pack_shard(output, 0)) as packed:
        assert "masks/broken.png" not in packed.getnames()
    assert not left.exists()


def test_shard_that_is_not_complete_is_not_packed(output: Path) -> None:
    (output / "shards" / "00000" / "done.json").unlink()
    with pytest.raises(ConfigError, match="to be complete"):
        pack_shard(output, 0)


def test_run_with_a_report_is_not_packed(source: Path, options: list[str], tmp_path: Path) -> None:
    assert call("infer", source, tmp_path, "--shard", "0/1", *options) == 2
    before = list_loose(tmp_path)
    with pytest.raises(ConfigError, match=r"without report\.html"):
        pack_shard(tmp_path, 0)
    assert list_loose(tmp_path) == before


@pytest.mark.parametrize("change", ["other content", "gone"])
def test_archive_does_not_outlive_its_images(
    options: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str], change: str
) -> None:
    source, output = make_source(tmp_path / "in"), tmp_path / "out"
    shard = ("infer", source, output, "--shard", "0/1", "--pack", *options)
    assert call(*shard) == 2
    image = source / "b.c" / "1.2.840.0.png"
    copied = image.read_bytes()
    image.unlink()
    image.write_bytes(copied)
    assert call(*shard) == 2  # the time has changed, the content has not
    image.unlink()
    if change == "other content":
        Image.fromarray(IMAGE[::-1]).save(image)
    before = list_loose(output)
    capsys.readouterr()
    assert call(*shard) == 1
    assert "tar -xf packed/00000.tar" in capsys.readouterr().err
    assert list_loose(output) == before


def test_shard_that_was_packed_while_a_run_began_is_not_done_again(
    source: Path,
    options: list[str],
    output: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    listed = listing.list_shard(source, output, f"0/{SHARDS}")
    archive = pack_shard(output, 0)
    packed, left = archive.read_bytes(), list_loose(output)
    monkeypatch.setattr(listing, "list_shard", lambda *_, **__: listed)
    shard = ("infer", source, output, "--shard", f"0/{SHARDS}", *options, *NO_REPORT)
    assert call(*shard) == 1
    assert "another process has packed it: run it again" in capsys.readouterr().err
    assert archive.read_bytes() == packed
    assert list_loose(output) == left
    monkeypatch.undo()
    assert call(*shard) in (0, 2)


def test_image_that_was_gone_before_its_turn_may_stay_so(
    options: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, output = make_source(tmp_path / "in"), tmp_path / "out"
    assert call("plan", source, output, "--shards", 1) == 0
    image = source / "b.c" / "1.2.840.0.png"
    copied = image.read_bytes()
    image.unlink()
    shard = ("infer", source, output, "--shard", "0/1", "--pack", *options)
    assert [call(*shard), call(*shard)] == [2, 2]
    image.write_bytes(copied)
    capsys.readouterr()
    assert call(*shard) == 1
    assert "tar -xf packed/00000.tar" in capsys.readouterr().err


def test_workers_pack_what_a_single_run_writes(
    source: Path,
    options: list[str],
    single: dict[str, bytes],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert call("plan", source, tmp_path, "--shards", SHARDS) == 0
    workers = ("infer", source, tmp_path, "--workers", "1", "--pack", *options)
    tables = {"results.csv", "lesions.csv", "run.json"}
    assert call(*workers) == 2
    archives = {path: path.read_bytes() for path in (tmp_path / "packed").iterdir()}
    assert len(archives) == SHARDS
    assert tables <= set(list_loose(tmp_path)) <= tables | {"coco.json"}
    assert call(*workers) == 2
    assert {path: path.read_bytes() for path in (tmp_path / "packed").iterdir()} == archives
    assert call(*workers[: -len(options) - 1], *options) == 1
    assert "another config" in capsys.readouterr().err
    for number in range(SHARDS):
        unpack(tmp_path, number)
    assert read_results(tmp_path) == single


def test_only_shards_are_packed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("infer", tmp_path, tmp_path / "out", "--pack") == 1
    assert "--shard, --workers or --ray with --pack" in capsys.readouterr().err
