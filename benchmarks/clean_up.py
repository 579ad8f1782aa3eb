"""What each step of the clean-up of masks does: `python benchmarks/clean_up.py RUN`.

RUN is a finished run of `benchmarks/accuracy.py`, such as WORK/fold-0: its network has not seen
its validation list. It runs once per image of that; then the post-processing of
configs/evaluate.json is applied as it is, and with one of its settings changed.
"""

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import torch
from monai.bundle import ConfigParser
from monai.data import load_decathlon_datalist

from pipeline.metrics.score_image import score_image

ROOT = Path(__file__).resolve().parents[1]

VARIANTS: dict[str, dict[str, Any]] = {
    "as released": {},
    "black above a sector": {
        "postprocessing#transforms#1": {"_target_": "Identityd", "keys": "pred"}
    },
    "without smoothing": {"postprocessing#transforms#3#sigma": 0.0},
    "smoothing by 2 px": {"postprocessing#transforms#3#sigma": 2.0},
    "fixed threshold": {
        "postprocessing#transforms#8": {
            "_target_": "AsDiscreted",
            "keys": "pred",
            "threshold": 0.5,
        }
    },
    "threshold 0.4": {"threshold": 0.4},
    "threshold 0.6": {"threshold": 0.6},
    "no least size": {"min_lesion_px": 0},
    "least size 256 px": {"min_lesion_px": 256},
    "no least share": {"min_lesion_share": 0.0},
    "least share 0.1": {"min_lesion_share": 0.1},
    "least share 0.5": {"min_lesion_share": 0.5},
    "largest lesion only": {"min_lesion_share": 1.0},
    "no operating point": {"min_lesion_probability": 0.0},
}


def main() -> None:
    """Print one line per variant."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path, help="folder of data/ and train/")
    args = parser.parse_args()
    config = read_config({})
    network = load_network(config, args.run)
    inferer = config.get_parsed_content("inferer")
    chains = {name: read_config(changes) for name, changes in VARIANTS.items()}
    processes = {
        name: (
            chain.get_parsed_content("preprocessing"),
            chain.get_parsed_content("postprocessing"),
        )
        for name, chain in chains.items()
    }
    scores: dict[str, list[Any]] = {name: [] for name in VARIANTS}
    items = load_decathlon_datalist(
        str((args.run / "data") / "datalist.json"), True, "validation", (args.run / "data")
    )
    for item in items:
        logits = None
        for name, (preprocess, postprocess) in processes.items():
            loaded = preprocess(dict(item))
            if logits is None:
                with torch.no_grad():
                    logits = inferer(loaded["image"][None], network)[0]
            done = postprocess({**loaded, "pred": logits.clone()})
            label, pred = (np.asarray(done[key]) for key in ("label", "pred"))
            scores[name].append(score_image(pred, label))
    print(f"{len(items)} images of the validation list, mean per image with a lesion")
    print("variant               Dice    missed  with a false lesion  normals marked")
    for name, images in scores.items():
        lesion = [image for image in images if image.has_lesion]
        normal = [image for image in images if not image.has_lesion]
        print(
            f"{name:20}  {np.mean([image.dice for image in lesion]):.4f}  "
            f"{sum(image.pred_px == 0 for image in lesion):6}  "
            f"{sum(image.false_lesions > 0 for image in lesion):19}  "
            f"{sum(image.pred_px > 0 for image in normal):14}"
        )


def read_config(changes: dict[str, Any]) -> ConfigParser:
    """Read configs/evaluate.json.

    Args:
        changes: values of keys that differ.
    """
    config = ConfigParser()
    config.read_config(str(ROOT / "configs" / "evaluate.json"))
    config["bundle_root"] = str(ROOT)
    for key, value in changes.items():
        config[key] = value
    return config


def load_network(config: ConfigParser, run: Path) -> torch.nn.Module:
    """Build the network of a config with the weights of a run, for inference.

    Args:
        config: of `read_config`.
        run: folder of a finished run of `benchmarks/accuracy.py`.
    """
    network: torch.nn.Module = config.get_parsed_content("network").eval()
    network.load_state_dict(torch.load(run / "train" / "final.pt", weights_only=True))
    return network


if __name__ == "__main__":
    main()
