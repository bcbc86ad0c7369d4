"""Encoders and the DeepLabV3+ around them."""

from .deeplab import DeepLab
from .efficientnet_lite import EfficientNetLite
from .resnet import ResNet

__all__ = ["DeepLab", "EfficientNetLite", "ResNet"]
