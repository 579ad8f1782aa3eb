"""Files that forges and registries read: each parses, has what is needed, and tells one version."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

import pipeline

ROOT = Path(__file__).resolve().parents[2]
GITHUB = ROOT / ".github"
FORMS = sorted(path for path in (GITHUB / "ISSUE_TEMPLATE").glob("*.yml") if path.stem != "config")
WORKFLOWS = sorted((GITHUB / "workflows").glob("*.yml"))


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text("utf-8"))


@pytest.mark.parametrize("form", FORMS, ids=lambda path: path.stem)
def test_form_of_an_issue(form: Path) -> None:
    content = read(form)
    assert content["name"]
    assert content["description"]
    ids = [part["id"] for part in content["body"] if part["type"] != "markdown"]
    assert ids
    assert len(set(ids)) == len(ids)
    assert all(part["attributes"] for part in content["body"])


def test_a_bug_report_asks_for_the_installation_and_against_patients() -> None:
    text = (GITHUB / "ISSUE_TEMPLATE" / "bug.yml").read_text("utf-8")
    parts = {part.get("id"): part for part in read(GITHUB / "ISSUE_TEMPLATE" / "bug.yml")["body"]}
    assert "breast-us-seg info --json" in parts["info"]["attributes"]["label"]
    assert parts["info"]["validations"] == {"required": True}
    assert parts["privacy"]["attributes"]["options"][0]["required"] is True
    assert "Send no data of a patient" in text


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)
def test_workflow(workflow: Path) -> None:
    content = read(workflow)
    assert content["permissions"] == {"contents": "read"}
    uses = [
        step["uses"] for job in content["jobs"].values() for step in job["steps"] if "uses" in step
    ]
    assert uses
    for action in uses:
        assert re.fullmatch(r"[\w.-]+/[\w./-]+@(v\d+|release/v\d+)", action), action


def test_ci_runs_what_a_developer_runs() -> None:
    jobs = read(GITHUB / "workflows" / "ci.yml")["jobs"]
    assert {"run": ".ci/run"} in jobs["check"]["steps"]


def test_a_release_is_made_of_a_tag_attested_and_published_without_a_password() -> None:
    content = read(GITHUB / "workflows" / "release.yml")
    assert content[True] == {"push": {"tags": ["v*"]}}  # YAML 1.1 takes `on` for a truth value
    build, publish = content["jobs"]["build"], content["jobs"]["publish"]
    assert build["permissions"]["attestations"] == "write"
    assert any("attest-build-provenance" in step.get("uses", "") for step in build["steps"])
    assert publish["needs"] == "build"
    assert publish["permissions"] == {"id-token": "write"}
    assert "secrets." not in (GITHUB / "workflows" / "release.yml").read_text("utf-8")


def test_citation() -> None:
    citation = read(ROOT / "CITATION.cff")
    assert citation["cff-version"] == "1.2.0"
    assert citation["license"] == "Apache-2.0"
    metadata = json.loads((ROOT / "configs" / "metadata.json").read_text("utf-8"))
    assert [author["name"] for author in citation["authors"]] == [metadata["authors"]]
    for reference in citation["references"]:
        assert f"https://doi.org/{reference['doi']}" in metadata["data_source"]


def test_all_tell_one_version_and_one_date() -> None:
    metadata = json.loads((ROOT / "configs" / "metadata.json").read_text("utf-8"))
    citation = read(ROOT / "CITATION.cff")
    changelog = (ROOT / "CHANGELOG.md").read_text("utf-8")
    match = re.search(r"^## \[(.+?)\] - (\S+)$", changelog, flags=re.MULTILINE)
    assert match is not None
    version, date = match.groups()
    assert version == pipeline.__version__ == metadata["version"] == citation["version"]
    released = citation.get("date-released")
    assert (str(released) if released else "Unreleased") == date


def test_security_tells_how_to_report_and_what_a_bundle_may_do() -> None:
    text = (ROOT / "SECURITY.md").read_text("utf-8")
    assert "Report a vulnerability" in text
    assert "monai.bundle run" in text


def test_images_are_built_of_all_that_the_package_is() -> None:
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    (wheel,) = re.findall(r"targets\.wheel\]\npackages = \[(.*)\]\n", text)
    (included,) = re.findall(r"wheel\.force-include\]\n((?:\"\w+\" = .*\n)+)", text)
    needed = {*re.findall(r'"(\w+)"', wheel), *re.findall(r'^"(\w+)"', included, re.MULTILINE)}
    assert {"pipeline", "breast_us_seg", "configs", "models"} <= needed
    needed |= {"pyproject.toml", "hatch_build.py", "constraints.txt", "README.md", "LICENSE"}
    ignored = (ROOT / ".containerignore").read_text("utf-8")
    assert needed <= {line[1:] for line in ignored.splitlines() if line.startswith("!")}
    recipe = (ROOT / "examples" / "container" / "breast-us-seg.def").read_text("utf-8")
    assert needed <= set(re.findall(r"^    (\S+) /source/\S+$", recipe, re.MULTILINE))
