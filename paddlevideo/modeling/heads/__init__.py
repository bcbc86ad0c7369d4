"""What sits on the backbone: the pixel embedding and the segmentation head."""

from .embedding import PixelEmbedding
from .separable import SeparableHead
from .shared import shared_head

__all__ = ["PixelEmbedding", "SeparableHead", "shared_head"]
