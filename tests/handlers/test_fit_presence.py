"""The fit of presence on a network whose only feature is how bright its outline is."""

import logging
from pathlib import Path

import numpy as np
import pytest
import torch
from ignite.engine import Engine
from torch.nn.functional import avg_pool2d, interpolate

from pipeline.errors import ConfigError
from pipeline.handlers import FitPresence
from pipeline.handlers.fit_presence import fit_logistic
from pipeline.networks.presence_head import PresenceHead


class Bright(torch.nn.Module):
    """Outlines what is brighter than the mean; its features are the image and its square."""

    def __init__(self) -> None:
        super().__init__()
        self.presence_head = PresenceHead((2, 2), deepest=0)
        self.segmentation_head = lambda features: 4 * (features[:, :1] - 0.5)

    def list_maps(self, inputs: torch.Tensor) -> list[torch.Tensor]:
        features = torch.cat([inputs, inputs**2], dim=1)
        return [avg_pool2d(features, 4), features]


def make_item(
    level: float, *, is_lesion: bool, seed: int, left: int = 20
) -> dict[str, torch.Tensor]:
    image = torch.from_numpy(np.random.default_rng(seed).normal(60, 5, (1, 64, 64))).float()
    label = torch.zeros(1, 64, 64)
    image[:, 10:30, left : left + 20] += level
    label[:, 10:30, left : left + 20] = float(is_lesion)
    return {"image": image, "label": label}


def resize(item: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {key: interpolate(item[key][None], (64, 64))[0] for key in item}


def fit(folder: Path, items: list[dict[str, torch.Tensor]], **options: float) -> Bright:
    network = Bright()
    torch.save(network.state_dict(), folder / "model.pt")
    trainer = Engine(lambda *_: None)
    FitPresence(folder, network, network, items, resize, **options).attach(trainer)
    trainer.run([0], max_epochs=1)
    fitted = Bright()
    fitted.load_state_dict(torch.load(folder / "model.pt", weights_only=True))
    return fitted


def judge(network: Bright, item: dict[str, torch.Tensor]) -> float:
    image = item["image"]
    maps = network.list_maps(((image - image.mean()) / image.std())[None])
    logits = network.presence_head(maps, [64, 64])
    return logits[0, 0, 12:28, 22:38].mean().item()


def test_separates_what_differs_in_its_features(tmp_path: Path) -> None:
    """Lesions are strong, other outlines stand out less from the speckle."""
    items = [
        make_item(90 if is_lesion else 12, is_lesion=is_lesion, seed=seed)
        for seed in range(15)
        for is_lesion in (True, False)
    ]
    network = fit(tmp_path, items, strength=30)
    for seed in (90, 91):
        assert judge(network, make_item(90, is_lesion=True, seed=seed)) > 1
        assert judge(network, make_item(12, is_lesion=False, seed=seed)) < -0.5


def test_other_parts_beside_lesions_teach_too(tmp_path: Path) -> None:
    """Beside the lesion a faint patch is not outlined, and in the part without the lesion it is."""
    items = []
    for seed in range(15):
        item = make_item(90, is_lesion=True, seed=seed, left=4)
        item["image"][:, 40:60, 40:60] += 15
        items.append(item)
    network = fit(tmp_path, items, strength=10)
    assert network.presence_head.flatten_weights().any()


def test_too_few_of_a_kind_leave_the_head_as_it_is(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    items = [make_item(20, is_lesion=False, seed=seed) for seed in range(15)]
    with caplog.at_level(logging.WARNING):
        network = fit(tmp_path, items)
    assert not network.presence_head.flatten_weights().any()
    assert "outlined 0 lesions and 45 other parts" in caplog.text


def test_nothing_outlined_at_all(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        fit(tmp_path, [])
    assert "outlined 0 lesions and 0 other parts" in caplog.text


def test_other_networks_are_left_alone(tmp_path: Path) -> None:
    trainer = Engine(lambda *_: None)
    FitPresence(tmp_path, torch.nn.Conv2d(1, 1, 1), Bright(), [], resize).attach(trainer)
    trainer.run([0], max_epochs=1)
    assert list(tmp_path.iterdir()) == []


def test_network_of_another_width_is_refused(tmp_path: Path) -> None:
    network = Bright()
    torch.save(torch.nn.Conv2d(1, 1, 1).state_dict(), tmp_path / "model.pt")
    with pytest.raises(ConfigError, match="judged_network_def to fit network_def"):
        FitPresence(tmp_path, network, network, [], resize)()


class TestLogistic:
    RNG = np.random.default_rng(0)
    TRUTH = RNG.random(300) < 0.2
    GROUPS = np.where(TRUTH, "lesion", np.where(RNG.random(300) < 0.1, "healthy", "beside"))
    FEATURES = (RNG.normal(size=(300, 4)) * [1, 5, 0.1, 1] + [0, 3, 0, 0]).astype(np.float32)
    FEATURES[:, 0] += TRUTH

    def test_gradient_is_zero_at_the_minimum(self) -> None:
        """Computed from the definition, by finite differences."""
        weights, bias = fit_logistic(
            self.FEATURES, self.TRUTH, self.GROUPS, np.zeros(4), strength=0.5
        )
        deviation = self.FEATURES.std(axis=0)

        def cost(values: np.ndarray) -> float:
            chance = 1 / (1 + np.exp(-(self.FEATURES @ values[:-1] + values[-1])))
            entropy = -np.log(np.where(self.TRUTH, chance, 1 - chance))
            lesion, healthy, beside = (
                entropy[name == self.GROUPS].mean() for name in ("lesion", "healthy", "beside")
            )
            loss = 0.5 * lesion + 0.25 * healthy + 0.25 * beside
            pull = 0.5 * np.square(values[:-1] * deviation).sum()
            return float(0.5 * len(self.TRUTH) * loss + pull)

        found = np.append(weights, bias)
        for number in range(5):
            step = np.zeros(5)
            step[number] = 1e-3
            assert cost(found) <= min(cost(found + step), cost(found - step))

    def test_rounding_of_a_constant_feature_is_no_evidence(self) -> None:
        noise = 1 + 1e-7 * self.TRUTH[:, None].astype(np.float32)
        features = np.hstack([self.FEATURES, noise])
        weights, _ = fit_logistic(features, self.TRUTH, self.GROUPS, np.zeros(5), strength=0.5)
        assert abs(weights[4]) < 10

    def test_little_data_stay_near_the_start(self) -> None:
        start = np.array([0.3, -0.2, 1.0, 0.0])
        weights, _ = fit_logistic(self.FEATURES, self.TRUTH, self.GROUPS, start, strength=1e-9)
        assert np.allclose(weights, start, atol=1e-5)
