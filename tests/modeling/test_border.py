"""Borders at every second pixel."""

from __future__ import annotations

import numpy as np
import paddle

from paddlevideo.modeling.heads import BorderDecoder
from paddlevideo.modeling.layers import resize_bilinear


def _drawn(seed: int, *shape: int) -> paddle.Tensor:
    return paddle.to_tensor(np.random.default_rng(seed).standard_normal(shape).astype(np.float32))


def test_at_first_logits_are_what_they_were_at_twice_the_resolution() -> None:
    decoder = BorderDecoder(6, channels=8)
    logits = _drawn(0, 2, 1, 9, 13)
    finer = decoder(_drawn(1, 1, 3, 33, 49), _drawn(2, 1, 6, 9, 13), logits)
    assert tuple(finer.shape) == (2, 1, 17, 25)
    assert bool((finer == resize_bilinear(logits, (17, 25))).all()) and bool((finer[:, :, ::2, ::2] == logits).all())


def test_each_object_is_seen_in_the_picture_of_its_clip() -> None:
    decoder = BorderDecoder(6, channels=8)
    decoder.conv.weight.set_value(_drawn(3, 1, 8, 1, 1))
    decoder.eval()
    images, embedding, logits = _drawn(1, 2, 3, 33, 49), _drawn(2, 2, 6, 9, 13), _drawn(0, 3, 1, 9, 13)
    together = decoder(images, embedding, logits, paddle.to_tensor([0, 0, 1]))
    for row, clip in enumerate([0, 0, 1]):
        alone = decoder(images[clip : clip + 1], embedding[clip : clip + 1], logits[row : row + 1])
        np.testing.assert_allclose(together[row : row + 1].numpy(), alone.numpy(), atol=1e-4)
