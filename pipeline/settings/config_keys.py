"""All keys of ``configs/``: names, ranges and meanings."""

from dataclasses import dataclass

from pipeline.settings.value_kinds import (
    Choice,
    Device,
    Group,
    Number,
    Size,
    Switch,
    Text,
    ValueKind,
)

SIZE_MULTIPLE = 32
"""Of rows and columns that the network takes: it halves them five times."""


@dataclass(frozen=True)
class ConfigKey:
    """A key at the top of a config.

    Attributes:
        name: of the key.
        kind: what its value may be.
        meaning: in a few words.
        configs: that have it.
    """

    name: str
    kind: ValueKind
    meaning: str
    configs: tuple[str, ...]


_INFER, _EVALUATE, _TRAIN = ("inference",), ("evaluate",), ("train",)
_MASK = _INFER + _EVALUATE
_ALL = _MASK + _TRAIN

_SHARE = Number(0, 1)
_COUNT = Number(1, whole=True)
_OUTPUTS = ("masks", "overlays", "seg", "sr", "sc", "nifti", "coco", "report")
_POINTS = ("sensitive", "specific", "all")
_REPEATED = (
    *("benign", "malignant", "normal", "unknown"),
    *("busi", "busbra", "busuclm", "breast", "plain", "label"),
)

KEYS = (
    ConfigKey("bundle_root", Text("a folder"), "folder around configs/ and models/", _ALL),
    ConfigKey("dataset_dir", Text("a folder or a file"), "what is read", _ALL),
    ConfigKey("output_dir", Text("a folder"), "where results go", _ALL),
    ConfigKey("datalist", Text("a file"), "list of images and labels", _EVALUATE + _TRAIN),
    ConfigKey("split", Text("name of a list"), "list of the datalist to score", _EVALUATE),
    ConfigKey("ckpt", Text("a file of weights"), "weights", _MASK),
    ConfigKey(
        "ckpt", Text("a file of weights", may_be_empty=True), "weights to start from", _TRAIN
    ),
    ConfigKey("device", Device(), "where the network computes", _ALL),
    ConfigKey("image_size", Size(SIZE_MULTIPLE), "size that the network sees, px", _ALL),
    ConfigKey("find_field", Switch(), "look for the field of view in the pixels", _ALL),
    ConfigKey("threshold", Number(0, 1, above=True), "border, share of the peak", _MASK),
    ConfigKey("min_lesion_px", Number(0, whole=True), "least area of a lesion, px", _MASK),
    ConfigKey("min_lesion_share", _SHARE, "least area, share of the largest lesion", _MASK),
    ConfigKey(
        "operating_points",
        Group(_SHARE, _POINTS, all_needed=True),
        "least probability of a lesion that is shown, by name",
        _MASK,
    ),
    ConfigKey("operating_point", Choice(_POINTS), "which of them is used", _MASK),
    ConfigKey("min_lesion_probability", _SHARE, "any other operating point", _MASK),
    ConfigKey("target", Choice(("lesion", "malignant")), "what is white", _MASK),
    ConfigKey("malignancy_threshold", _SHARE, "from it a lesion counts as malignant", _MASK),
    ConfigKey("flip", Switch(), "average with the mirrored image", _MASK),
    ConfigKey(
        "backend", Choice(("auto", "torch", "onnx", "openvino")), "what computes the network", _MASK
    ),
    ConfigKey("blank_unknown", Switch(), "hide images whose region is unknown", _MASK),
    ConfigKey("other_organs", Switch(), "write DICOM objects of other organs too", _MASK),
    ConfigKey("keep_maps", Switch(), "keep probability maps in memory", _MASK),
    ConfigKey("progress", Switch(), "show a bar, on a terminal", _ALL),
    ConfigKey("outputs", Group(Switch(), _OUTPUTS, all_needed=True), "what is written", _INFER),
    ConfigKey("overwrite", Switch(), "replace results in output_dir", _EVALUATE + _TRAIN),
    ConfigKey("resume", Switch(), "go on with the training in output_dir", _TRAIN),
    ConfigKey("pretrained", Switch(), "start with an encoder trained on ImageNet", _TRAIN),
    ConfigKey("fit_presence", Switch(), "learn when to be silent, at the end", _TRAIN),
    ConfigKey("seed", Number(0, 2**32 - 1, whole=True), "decides all that is drawn", _TRAIN),
    ConfigKey("epochs", _COUNT, "passes over the images", _TRAIN),
    ConfigKey(
        "first_size", Number(0, 1, above=True), "share of the size that training starts at", _TRAIN
    ),
    ConfigKey("patience", _COUNT, "validations without gain before the end", _TRAIN),
    ConfigKey("batch_size", _COUNT, "images a step", _TRAIN),
    ConfigKey("num_workers", Number(0, whole=True), "processes that load images", _TRAIN),
    ConfigKey("learning_rate", Number(0, 1), "greatest step", _TRAIN),
    ConfigKey("val_interval", _COUNT, "epochs between validations", _TRAIN),
    ConfigKey("repeat", Group(_COUNT, _REPEATED), "images of a kind, times an epoch", _TRAIN),
)


def list_keys(config: str) -> dict[str, ConfigKey]:
    """List the keys of a config by name.

    Args:
        config: name of a file in ``configs/``, without suffix.
    """
    return {key.name: key for key in KEYS if config in key.configs}
