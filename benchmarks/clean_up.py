"""What each step of the clean-up of masks does: `python benchmarks/clean_up.py RUN`.

RUN is a finished run of `benchmarks/accuracy.py`, such as WORK/fold-0: its network has not seen
its validation list. It runs once per image of that; then the post-processing of
configs/inference.json is applied as it is, and with one of its settings changed. The table goes to
docs/model.md.
"""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from accuracy_tables import PAGE, ROOT
from monai.bundle import ConfigParser
from monai.data import load_decathlon_datalist
from pages import replace_between
from PIL import Image

from pipeline.metrics.image_scores import ImageScores
from pipeline.metrics.score_image import score_image

BEGIN = "<!-- clean-up: made by python benchmarks/clean_up.py RUN -->"
END = "<!-- end of clean-up -->"

VARIANTS: dict[str, dict[str, Any]] = {
    "as released": {},
    "black above a sector may be lesion": {
        "postprocessing#transforms#1": {"_target_": "Identityd", "keys": "pred"}
    },
    "without smoothing": {"postprocessing#transforms#3#sigma": 0.0},
    "smoothing by 2 px": {"postprocessing#transforms#3#sigma": 2.0},
    "fixed threshold of 0.5": {
        "postprocessing#transforms#8": {
            "_target_": "AsDiscreted",
            "keys": "pred",
            "threshold": 0.5,
        }
    },
    "threshold at 0.4 of the image's probability": {"threshold": 0.4},
    "threshold at 0.6 of the image's probability": {"threshold": 0.6},
    "no least size": {"min_lesion_px": 0},
    "least size of 256 px": {"min_lesion_px": 256},
    "no least share": {"min_lesion_share": 0.0},
    "least share of 0.1": {"min_lesion_share": 0.1},
    "least share of 0.5": {"min_lesion_share": 0.5},
    "largest lesion only": {"min_lesion_share": 1.0},
    "no operating point": {"min_lesion_probability": 0.0},
}
"""What it is, and the keys of inference.json that differ."""


def main() -> None:
    """Score all images with each variant, and make the table."""
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
    scores: dict[str, list[ImageScores]] = {name: [] for name in VARIANTS}
    items = load_decathlon_datalist(
        str((args.run / "data") / "datalist.json"), True, "validation", (args.run / "data")
    )
    for item in items:
        logits, label = None, np.asarray(Image.open(item["label"]).convert("L"))[None] > 127
        for name, (preprocess, postprocess) in processes.items():
            loaded = preprocess({"image": item["image"]})
            if logits is None:
                with torch.no_grad():
                    logits = inferer(loaded["image"][None], network)[0]
            done = postprocess({**loaded, "pred": logits.clone()})
            scores[name].append(score_image(np.asarray(done["pred"]), label))
    replace_between(PAGE, BEGIN, END, format_table(scores, config["min_lesion_probability"]))
    print(f"wrote the table of {PAGE}")


def format_table(scores: Mapping[str, Sequence[ImageScores]], point: float) -> str:
    """Write the table as Markdown.

    Args:
        scores: by variant, of the same images.
        point: operating point of the configs.
    """
    lines = [
        f"| setting, operating point {point} | Dice | lesions missed |"
        " lesion images with a false lesion | normal images marked |",
        "|---|---|---|---|---|",
    ]
    for name, images in scores.items():
        lesion = [image for image in images if image.has_lesion]
        normal = [image for image in images if not image.has_lesion]
        missed = sum(image.pred_px == 0 for image in lesion)
        false = sum(image.false_lesions > 0 for image in lesion)
        cells = [name, f"{np.mean([image.dice for image in lesion]):.4f}"]
        cells += [f"{count} of {len(lesion)}" for count in (missed, false)]
        cells.append(f"{sum(image.pred_px > 0 for image in normal)} of {len(normal)}")
        lines.append(f"| {' | '.join(cells)} |")
    return "".join(f"{line}\n" for line in lines)


def read_config(changes: dict[str, Any]) -> ConfigParser:
    """Read configs/inference.json.

    Args:
        changes: values of keys that differ.
    """
    config = ConfigParser()
    config.read_config(str(ROOT / "configs" / "inference.json"))
    config["bundle_root"] = str(ROOT)
    config["backend"] = "torch"  # an export is of one file of weights
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
