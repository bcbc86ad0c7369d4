"""Encoders and the DeepLabV3+ around them."""

from .deeplab import DeepLab
from .efficientnet_lite import EfficientNetLite
from .encoder import Encoder
from .lateral import LateralDeepLab
from .mobilenet_v3 import MobileNetV3
from .resnet import ResNet

__all__ = ["DeepLab", "EfficientNetLite", "Encoder", "LateralDeepLab", "MobileNetV3", "ResNet"]
