"""From a clip of a training batch to what the interaction head sees of its annotated frame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import paddle

from ..modeling.framework.manet import MANet


def annotated_frame_inputs(
    network: MANet,
    batch: Mapping[str, paddle.Tensor],
    clip: int,
    embedding: paddle.Tensor,
    ids: Sequence[int],
) -> paddle.Tensor:
    """Return the interaction head's inputs (O,channels,h,w).

    Args:
        network: whose head it is.
        batch: of samples, see `paddlevideo.loader.samples`.
        clip: which of them.
        embedding: of its annotated frame (C,h,w).
        ids: the O ids of the clip.
    """
    before = batch["interaction_previous"][clip]
    previous = None if bool((before < 0).all()) else before
    strokes_map = None
    if network.interaction_map:
        label = batch["interaction_reference"][clip].numpy()
        strokes_map = network.match_globally(embedding, embedding, label, ids)
    return network.interaction_inputs(embedding.unsqueeze(0), batch["scribble"][clip], previous, ids, strokes_map)
