"""The checks of MONAI's model zoo."""

from pathlib import Path

import pytest
import torch
from monai.bundle import ConfigWorkflow
from monai.bundle.scripts import ckpt_export, verify_net_in_out

from bundle.build import ROOT
from pipeline.cli.main import main
from pipeline.phantom.phantom_study import write_phantom_dataset
from pipeline.settings.bundle_root import list_config_files

CONFIGS = ROOT / "configs"


@pytest.fixture(scope="module")
def datalist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a datalist of eight phantoms."""
    folder = tmp_path_factory.mktemp("datalist")
    write_phantom_dataset(folder / "set", images=8, shape=(64, 80), seed=0)
    main(["prepare", str(folder), "--plain", str(folder / "set"), "--folds", "3"])
    return folder


@pytest.mark.parametrize(
    ("name", "workflow_type"), [("train", "train"), ("evaluate", "infer"), ("inference", "infer")]
)
def test_has_the_properties_of_its_kind(
    name: str, workflow_type: str, datalist: Path, images: Path, weights: Path, tmp_path: Path
) -> None:
    settings = {"dataset_dir": str(datalist), "output_dir": str(tmp_path)}
    if name != "train":
        settings["ckpt"] = str(weights)
    if name == "inference":
        settings["dataset_dir"] = str(images)
    workflow = ConfigWorkflow(
        [*map(str, list_config_files(name, ROOT))],
        workflow_type=workflow_type,
        logging_file=False,
        **settings,
    )
    workflow.initialize()
    assert workflow.check_properties() == []
    if name == "inference":
        workflow.run()  # to its end, which closes the journal


def test_network_takes_and_gives_what_the_metadata_says() -> None:
    verify_net_in_out(
        net_id="network_def",
        meta_file=str(CONFIGS / "metadata.json"),
        config_file=str(CONFIGS / "inference.json"),
        device="cpu",
    )


def test_exports_to_torchscript(weights: Path, tmp_path: Path) -> None:
    exported = tmp_path / "model.ts"
    ckpt_export(
        net_id="network_def",
        filepath=str(exported),
        ckpt_file=str(weights),
        meta_file=str(CONFIGS / "metadata.json"),
        config_file=str(CONFIGS / "inference.json"),
    )
    network = torch.jit.load(exported)
    with torch.inference_mode():
        assert network(torch.zeros(1, 1, 256, 256)).shape == (1, 3, 256, 256)
