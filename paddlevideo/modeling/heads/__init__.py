"""What sits on the backbone: the pixel embedding and the segmentation head."""

from .embedding import PixelEmbedding
from .separable import SeparableHead

__all__ = ["PixelEmbedding", "SeparableHead"]
