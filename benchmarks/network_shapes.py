"""How UNets of several shapes start to learn: `python benchmarks/network_shapes.py`.

Each shape is trained for a few passes over the same images of the training list, with everything
but the network as in configs/train.json, augmentation left out. It compares how a training
starts, not how it ends.
"""

import argparse
import random
import time
from pathlib import Path
from typing import Any

import torch
from monai.bundle import ConfigParser
from monai.data import load_decathlon_datalist
from monai.networks.nets import UNet

ROOT = Path(__file__).resolve().parents[1]

PLAIN = {"channels": (32, 32, 64, 64, 128, 128, 256, 256), "strides": (2, 1, 2, 1, 2, 1, 2)}
RESIDUAL = {"channels": (16, 32, 64, 128, 256), "strides": (2, 2, 2, 2), "num_res_units": 2}
SHAPES: dict[str, dict[str, Any]] = {
    "shipped: two convolutions a stage": {**PLAIN, "norm": "BATCH", "act": "LEAKYRELU"},
    "shipped with PReLU": {**PLAIN, "norm": "BATCH"},
    "shipped with instance norm": {**PLAIN, "norm": "INSTANCE", "act": "LEAKYRELU"},
    "two residual units, batch norm": {**RESIDUAL, "norm": "BATCH"},
    "two residual units, instance norm": {**RESIDUAL, "norm": "INSTANCE"},
}


def main() -> None:
    """Print one line per shape."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=ROOT / "data", help="folder of datalist.json")
    parser.add_argument("--images", type=int, default=128)
    parser.add_argument("--steps", type=int, default=96)
    args = parser.parse_args()

    config = ConfigParser()
    config.read_config(str(ROOT / "configs" / "train.json"))
    items = load_decathlon_datalist(str(args.data / "datalist.json"), True, "training", args.data)
    chosen = random.Random(0).sample(items, args.images)
    load = config.get_parsed_content("validate#preprocessing")
    loaded = [load(item) for item in chosen]
    images, labels = (torch.stack([item[key] for item in loaded]) for key in ("image", "label"))
    loss_function = config.get_parsed_content("loss")
    inferer = config.get_parsed_content("inferer")
    batch = config["batch_size"]

    print("shape                               parameters  loss of last 16 steps  s per step")
    for name, shape in SHAPES.items():
        torch.manual_seed(0)
        network = UNet(spatial_dims=2, in_channels=1, out_channels=1, **shape)
        network = network.to(memory_format=torch.channels_last)
        optimizer = torch.optim.AdamW(network.parameters(), lr=config["learning_rate"])
        losses = []
        started = time.perf_counter()
        for _ in range(args.steps):
            index = torch.randperm(args.images)[:batch]
            loss = loss_function(inferer(images[index], network), labels[index])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        seconds = (time.perf_counter() - started) / args.steps
        parameters = sum(parameter.numel() for parameter in network.parameters())
        last = sum(losses[-16:]) / 16
        print(f"{name:35} {parameters:11,} {last:22.3f} {seconds:11.3f}", flush=True)


if __name__ == "__main__":
    main()
