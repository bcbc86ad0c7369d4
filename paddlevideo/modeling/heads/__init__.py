"""What sits on the backbone: the pixel embedding and the segmentation head."""

from .border import BorderDecoder
from .embedding import PixelEmbedding
from .separable import SeparableHead
from .shared import shared_head

__all__ = ["BorderDecoder", "PixelEmbedding", "SeparableHead", "shared_head"]
