import json
import re
from importlib.metadata import requires
from pathlib import Path
from typing import Any

import pytest
import torch
from monai.bundle import ConfigParser
from monai.bundle.scripts import verify_metadata
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import pipeline
from bundle.build import ROOT

REQUIRED = (
    "schema",
    "version",
    "changelog",
    "monai_version",
    "pytorch_version",
    "numpy_version",
    "required_packages_version",
    "task",
    "description",
    "authors",
    "copyright",
    "data_source",
    "data_type",
    "intended_use",
    "network_data_format",
)
"""Of MONAI's schema, and `changelog` and the data's origin as the model zoo wants them."""

TENSOR = ("type", "format", "num_channels", "spatial_shape", "dtype", "value_range")

PATH = ROOT / "configs" / "metadata.json"


@pytest.fixture
def metadata() -> dict[str, Any]:
    content: dict[str, Any] = json.loads(PATH.read_text("utf-8"))
    return content


@pytest.fixture
def tested() -> dict[str, str]:
    """Canonical names and versions of constraints.txt for the newest Python."""
    versions: dict[str, str] = {}
    for line in (ROOT / "constraints.txt").read_text("utf-8").splitlines():
        if line.startswith("#"):
            continue
        requirement = Requirement(line)
        if not requirement.marker or requirement.marker.evaluate({"python_version": "3.12"}):
            versions[canonicalize_name(requirement.name)] = str(requirement.specifier)[2:]
    return versions


def test_has_the_required_fields(metadata: dict[str, Any]) -> None:
    assert not [name for name in REQUIRED if not metadata.get(name)]
    for tensors in metadata["network_data_format"].values():
        for tensor in tensors.values():
            assert not [name for name in TENSOR if name not in tensor]


def test_says_research_only(metadata: dict[str, Any]) -> None:
    assert metadata["intended_use"] == pipeline.RESEARCH_ONLY


def test_version_is_that_of_the_package_and_the_changelog(metadata: dict[str, Any]) -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text("utf-8")
    versions = re.findall(r"^## \[(\d[^]]*)\]", changelog, flags=re.MULTILINE)
    assert metadata["version"] == pipeline.__version__ == versions[0]
    assert list(metadata["changelog"]) == versions


def test_versions_are_the_tested_ones(metadata: dict[str, Any], tested: dict[str, str]) -> None:
    packages = metadata["required_packages_version"]
    assert packages == {name: tested[canonicalize_name(name)] for name in packages}
    assert metadata["monai_version"] == tested["monai"]
    assert metadata["pytorch_version"] == tested["torch"]
    assert metadata["numpy_version"] == tested["numpy"]


def test_names_every_requirement_of_the_package(metadata: dict[str, Any]) -> None:
    requirements = map(Requirement, requires("breast-us-seg") or ())
    needed = {canonicalize_name(item.name) for item in requirements if not item.marker}
    named = {canonicalize_name(name) for name in metadata["required_packages_version"]}
    assert needed - {"monai", "torch", "numpy"} <= named


def test_channels_are_those_of_the_network(metadata: dict[str, Any]) -> None:
    """`SplitJudgementsd` takes them apart in this order."""
    output = metadata["network_data_format"]["outputs"]["pred"]
    assert output["channel_def"] == {"0": "lesion", "1": "malignancy", "2": "presence"}
    config = json.loads((ROOT / "configs" / "inference.json").read_text("utf-8"))
    assert len(output["channel_def"]) == output["num_channels"]
    parser = ConfigParser({"network_def": config["network_def"]})
    network = parser.get_parsed_content("network_def").eval()
    with torch.no_grad():
        assert network(torch.zeros(1, 1, 64, 64)).shape[1] == output["num_channels"]
    masks = metadata["network_data_format"]["post_processed_outputs"]["pred"]
    assert masks["channel_def"] == {"0": "background", "1": "lesion"}
    assert (masks["num_channels"], masks["value_range"]) == (1, [0, 1])


@pytest.mark.acceptance
@pytest.mark.filterwarnings("ignore:No hash value provided:UserWarning")
def test_fits_the_schema(data_dir: Path) -> None:
    schema = data_dir / "monai" / "meta_schema_20240725.json"
    assert schema.is_file()  # else MONAI would fetch it
    verify_metadata(meta_file=str(PATH), filepath=str(schema))
