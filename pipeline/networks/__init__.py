"""Networks that MONAI lacks; importing this registers the encoders for `FlexibleUNet`."""

from monai.networks.nets.flexible_unet import FLEXUNET_BACKBONE

from pipeline.networks.adaptive_batch_norm import AdaptiveBatchNorm2d
from pipeline.networks.efficientnet_lite import EfficientNetLite
from pipeline.networks.lesion_unet import LesionUNet

__all__ = ["AdaptiveBatchNorm2d", "EfficientNetLite", "LesionUNet"]

FLEXUNET_BACKBONE.register_class(EfficientNetLite)
