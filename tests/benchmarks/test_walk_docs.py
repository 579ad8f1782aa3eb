"""Every command in the documentation is one that the program takes, or a known other one."""

import re
import shlex
from pathlib import Path

import pytest
import walk_docs
from walk_docs import PAGES, Command, list_commands

from pipeline.cli.main import list_parsers
from pipeline.settings.bundle_root import find_bundle_root, list_config_files
from pipeline.settings.overrides import parse_overrides

ROOT = Path(__file__).resolve().parents[2]

CONFIGS = {"infer": "inference", "train": "train", "evaluate": "evaluate"}

OTHERS = (
    r"((\.venv(-label)?|/opt/breast-us-seg)/bin/)?(python3?|pip|py) ",
    r"uv (venv|pip install)\b",
    r"(make|curl|podman|dcmsend|mkdir|printf|Orthanc|export|torchrun) ?",
    r"(useradd|install -d|cp|systemctl) ",
)
"""Commands of other programs."""


def list_all() -> list[Command]:
    return [command for page in PAGES for command in list_commands(page)]


def test_no_page_with_commands_is_left_out() -> None:
    pages = {ROOT / "README.md", *(ROOT / "docs").rglob("*.md")}
    names = {
        path.relative_to(ROOT).as_posix()
        for path in pages
        if "```console" in path.read_text("utf-8")
    }
    assert names <= set(PAGES)


@pytest.mark.parametrize(
    "command", list_all(), ids=lambda command: f"{command.page}:{command.line}"
)
def test_a_command_is_taken(command: Command) -> None:
    for part in re.split(r" && ", command.text):
        words = shlex.split(re.sub(r"^sudo -u \S+ ", "", part.removesuffix(" &")))
        if Path(words[0]).name != "breast-us-seg":
            assert any(re.match(pattern, part) for pattern in OTHERS), part
            continue
        name, *options = words[1:]
        try:
            args = list_parsers()[name].parse_args(options)
        except SystemExit:
            pytest.fail(f"breast-us-seg does not take: {part}")
        if name in CONFIGS and (overrides := getattr(args, "overrides", [])):
            parse_overrides(overrides, *list_config_files(CONFIGS[name], find_bundle_root()))


def test_what_is_not_run_is_in_a_page() -> None:
    texts = [command.text for command in list_all()]
    for pattern, reason in walk_docs.NOT_RUN:
        assert any(re.search(pattern, text) for text in texts), pattern
        assert reason


def test_blocks_are_read_with_continued_lines_and_without_comments(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    block = "make a   # comment\nb --x \\\n    y#z\n\n# only a comment\n"
    (tmp_path / "a.md").write_text(f"```console\n{block}```\n```python\nc\n```\n")
    monkeypatch.setattr(walk_docs, "ROOT", tmp_path)
    found = [Command("a.md", 2, "make a"), Command("a.md", 3, "b --x y#z")]
    assert list(list_commands("a.md")) == found
