"""The same network as a plain MONAI bundle, written as those of the model zoo are."""

import json
import sys
from pathlib import Path

from speed_machine import ROOT


def write_plain_bundle(folder: Path, images: Path, output: Path) -> list[str]:
    """Write the bundle's config.

    Args:
        folder: to write to.
        images: a folder of grey PNG files.
        output: of the masks.

    Returns:
        The command that runs it.
    """
    ours = json.loads((ROOT / "configs" / "inference.json").read_text("utf-8"))
    preprocessing = [
        {"_target_": "LoadImaged", "keys": "image"},
        {"_target_": "EnsureChannelFirstd", "keys": "image"},
        {"_target_": "Resized", "keys": "image", "spatial_size": ours["image_size"]},
        {"_target_": "NormalizeIntensityd", "keys": "image"},
    ]
    postprocessing = [
        {"_target_": "Activationsd", "keys": "pred", "sigmoid": True},
        {
            "_target_": "Invertd",
            "keys": "pred",
            "transform": "@preprocessing",
            "orig_keys": "image",
            "nearest_interp": False,
        },
        {"_target_": "AsDiscreted", "keys": "pred", "threshold": ours["threshold"]},
        {"_target_": "Lambdad", "keys": "pred", "func": "$lambda pred: pred[:1]"},
        {
            "_target_": "SaveImaged",
            "keys": "pred",
            "output_dir": str(output),
            "output_ext": ".png",
            "output_dtype": "$numpy.uint8",
            "scale": 255,
            "resample": False,
            "print_log": False,
        },
    ]
    config = {
        "imports": [*ours["imports"], "$import glob", "$import numpy"],
        "device": "$torch.device('cpu')",
        "network_def": ours["network_def"],
        "network": "$@network_def.to(@device)",
        "preprocessing": {"_target_": "Compose", "transforms": preprocessing},
        "dataset": {
            "_target_": "Dataset",
            "data": f"$[{{'image': path}} for path in sorted(glob.glob('{images}/*.png'))]",
            "transform": "@preprocessing",
        },
        "dataloader": {
            "_target_": "DataLoader",
            "dataset": "@dataset",
            "batch_size": 1,
            "shuffle": False,
            "num_workers": 4,
        },
        "inferer": {"_target_": "SimpleInferer"},
        "postprocessing": {"_target_": "Compose", "transforms": postprocessing},
        "handlers": [
            {
                "_target_": "CheckpointLoader",
                "load_path": str(ROOT / "models" / "model.pt"),
                "load_dict": {"model": "@network"},
            }
        ],
        "evaluator": {
            "_target_": "SupervisedEvaluator",
            "device": "@device",
            "val_data_loader": "@dataloader",
            "network": "@network",
            "inferer": "@inferer",
            "postprocessing": "@postprocessing",
            "val_handlers": "@handlers",
        },
        "run": ["$@evaluator.run()"],
    }
    folder.mkdir(parents=True)
    path = folder / "inference.json"
    path.write_text(json.dumps(config, indent=2))
    return [sys.executable, "-m", "monai.bundle", "run", "--config_file", str(path)]
