"""A bundle with random weights, and synthetic images to run it on."""

import shutil
from pathlib import Path

import pytest
import torch
from monai.bundle import ConfigParser

from bundle.build import NAME, ROOT, build_bundle
from pipeline.phantom.phantom_study import write_phantom_study


@pytest.fixture(scope="session")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """State_dict of the configs' network, random: these tests are about running, not scores."""
    parser = ConfigParser()
    parser.read_config(str(ROOT / "configs" / "inference.json"))
    path = tmp_path_factory.mktemp("weights") / "model.pt"
    torch.save(parser.get_parsed_content("network_def").state_dict(), path)
    return path


@pytest.fixture(scope="session")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A few PNG and DICOM phantoms of 64 x 80 pixels, one of them a cine."""
    folder = tmp_path_factory.mktemp("study")
    write_phantom_study(folder, images=3, shape=(64, 80), seed=0)
    return folder / "images"


@pytest.fixture(scope="session")
def archive(tmp_path_factory: pytest.TempPathFactory, weights: Path) -> Path:
    """The zip as it is handed out; the folder it was zipped from is beside it."""
    return build_bundle(tmp_path_factory.mktemp("dist"), weights=weights)


@pytest.fixture
def unpacked(archive: Path, tmp_path: Path) -> Path:
    """The zip, unpacked in a folder of its own."""
    shutil.unpack_archive(archive, tmp_path / "elsewhere")
    return tmp_path / "elsewhere" / NAME
