"""Whatever changes results changes the fingerprint, and nothing else does."""

from dataclasses import replace

import pytest

from pipeline.inferers.model_identity import ModelIdentity
from pipeline.journal import RunIdentity

MODEL = ModelIdentity("a_model", "1.2.3", "ab" * 32)
CONFIG = {
    "_meta_": {"version": "1"},
    "imports": ["$import torch"],
    "dataset_dir": "/data/DOE^JANE",
    "output_dir": "/data/out",
    "ckpt": "$@bundle_root + '/models/model.pt'",
    "threshold": 0.5,
    "target": "lesion",
    "backend": "auto",
    "progress": True,
    "outputs": {"masks": True},
    "image_size": [256, 256],
    "device": "$torch.device('cpu')",
    "postprocessing": {"_target_": "Compose", "transforms": [{"_target_": "A", "sigma": 1.0}]},
}
RUN = RunIdentity(CONFIG, MODEL, "openvino", "/data/DOE^JANE/model.pt")


@pytest.mark.parametrize(
    "changes",
    [
        {"threshold": 0.4},
        {"outputs": {"masks": False}},
        {"new": 1},
        {"postprocessing": {"_target_": "Compose", "transforms": [{"_target_": "A", "sigma": 2}]}},
        {"device": "$torch.device('cuda')"},
    ],
)
def test_any_key_of_the_config_counts(changes: dict) -> None:
    assert replace(RUN, config=CONFIG | changes).fingerprint != RUN.fingerprint


@pytest.mark.parametrize(
    "changes",
    [
        {"dataset_dir": "elsewhere"},
        {"output_dir": "elsewhere"},
        {"ckpt": "elsewhere"},
        {"bundle_root": "elsewhere"},
        {"progress": False},
        {"_meta_": {}},
        {"backend": "openvino"},
    ],
)
def test_places_and_what_is_shown_do_not_count(changes: dict) -> None:
    assert replace(RUN, config=CONFIG | changes).fingerprint == RUN.fingerprint


@pytest.mark.parametrize(
    "changes",
    [
        {"model": replace(MODEL, weights_sha256="cd" * 32)},
        {"computed_by": "torch"},
        {"version": "9.9.9"},
    ],
)
def test_weights_program_and_backend_count(changes: dict) -> None:
    assert replace(RUN, **changes).fingerprint != RUN.fingerprint


def test_order_of_keys_does_not_count() -> None:
    turned = dict(reversed(CONFIG.items()))
    assert replace(RUN, config=turned).fingerprint == RUN.fingerprint


def test_settings_are_plain_and_name_no_folder() -> None:
    assert RUN.settings == {
        "weights": "model.pt",
        "threshold": 0.5,
        "target": "lesion",
        "backend": "auto",
        "outputs": {"masks": True},
        "image_size": [256, 256],
    }
    assert "DOE" not in str(RUN.settings)
