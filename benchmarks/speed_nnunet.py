"""Let nnU-Net v2 predict a folder with its default 2D plan, and print the seconds as JSON.

Called by `benchmarks/speed.py` as a command of its own: FOLDER COUNT. Its weights are random,
which changes nothing about the time. Needs nnunetv2.
"""

import contextlib
import json
import os
import sys
import time
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from speed_machine import draw

_NAME = "Dataset001_Phantom"
_TRAINING_IMAGES = 20


def time_prediction(folder: Path, count: int) -> dict[str, float]:
    """Plan, then predict with and without mirroring.

    Args:
        folder: a new folder.
        count: number of images.

    Returns:
        Seconds an image, and the edges of the plan's patch.
    """
    for name in ("raw", "preprocessed", "results"):
        (folder / name).mkdir(parents=True)
        os.environ[f"nnUNet_{name}"] = str(folder / name)
    # Its modules read the environment when they are imported.
    from nnunetv2.experiment_planning.plan_and_preprocess_api import (
        extract_fingerprints,
        plan_experiments,
    )
    from nnunetv2.inference.predict_from_raw_data import nnUNetPredictor
    from nnunetv2.utilities.get_network_from_plans import get_network_from_plans
    from nnunetv2.utilities.plans_handling.plans_handler import PlansManager

    description = _write_dataset(folder / "raw" / _NAME)
    extract_fingerprints([1], num_processes=1)
    plan_experiments([1])
    plans = PlansManager(str(folder / "preprocessed" / _NAME / "nnUNetPlans.json"))
    plan = plans.get_configuration("2d")
    network = get_network_from_plans(
        plan.network_arch_class_name,
        plan.network_arch_init_kwargs,
        plan.network_arch_init_kwargs_req_import,
        1,
        2,
        allow_init=True,
        deep_supervision=False,
    )
    images = folder / "images"
    images.mkdir()
    for number in range(count):
        Image.fromarray(draw(number).image).save(images / f"{number:03d}_0000.png")
    result = {"rows": plan.patch_size[0], "columns": plan.patch_size[1]}
    for name, mirrors in (("with mirroring", True), ("without", False)):
        predictor = nnUNetPredictor(
            use_mirroring=mirrors,
            perform_everything_on_device=False,
            device=torch.device("cpu"),
            allow_tqdm=False,
        )
        predictor.manual_initialization(
            network, plans, plan, [network.state_dict()], description, "nnUNetTrainer", (0, 1)
        )
        started = time.perf_counter()
        predictor.predict_from_files(str(images), str(folder / name))
        result[name] = (time.perf_counter() - started) / count
    return result


def _write_dataset(folder: Path) -> dict[str, object]:
    for name in ("imagesTr", "labelsTr"):
        (folder / name).mkdir(parents=True)
    for number in range(_TRAINING_IMAGES):
        phantom = draw(number)
        Image.fromarray(phantom.image).save(folder / "imagesTr" / f"{number:03d}_0000.png")
        label = phantom.label.astype(np.uint8)
        Image.fromarray(label).save(folder / "labelsTr" / f"{number:03d}.png")
    description = {
        "channel_names": {"0": "ultrasound"},
        "labels": {"background": 0, "lesion": 1},
        "numTraining": _TRAINING_IMAGES,
        "file_ending": ".png",
    }
    (folder / "dataset.json").write_text(json.dumps(description))
    return description


if __name__ == "__main__":
    with contextlib.redirect_stdout(sys.stderr):
        times = time_prediction(Path(sys.argv[1]), int(sys.argv[2]))
    print(json.dumps(times))
