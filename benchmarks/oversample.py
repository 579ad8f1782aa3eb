"""Repeat images of small sets in a datalist: `python benchmarks/oversample.py IN OUT`.

Images of BUSI come twice in the list for training, normal ones four times; validation and test
lists stay as they are.
"""

import argparse
import json
from pathlib import Path


def main() -> None:
    """Write the datalist."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source", type=Path, help="datalist.json of `breast-us-seg prepare`")
    parser.add_argument("target", type=Path, help="datalist to write, into the same folder")
    args = parser.parse_args()
    datalist = json.loads(args.source.read_text())
    training = datalist["training"]
    busi = [item for item in training if item["source"] == "busi"]
    normal = [item for item in busi if item["pathology"] == "normal"]
    datalist["training"] = training + busi + 2 * normal
    args.target.write_text(json.dumps(datalist))
    print(f"{len(training)} images became {len(datalist['training'])}")


if __name__ == "__main__":
    main()
