"""What MONAI's networks lack; importing it registers the encoders for `FlexibleUNet`."""

from monai.networks.nets.flexible_unet import FLEXUNET_BACKBONE

from pipeline.networks.efficientnet_lite import EfficientNetLite

__all__ = ["EfficientNetLite"]

FLEXUNET_BACKBONE.register_class(EfficientNetLite)
