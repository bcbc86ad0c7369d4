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
    memory: paddle.Tensor | None = None,
) -> paddle.Tensor:
    """Return the interaction head's inputs (O,channels,h,w).

    Args:
        network: whose head it is.
        batch: of samples, see `paddlevideo.loader.samples`.
        clip: which of them.
        embedding: of its annotated frame (C,h,w).
        ids: the O ids of the clip.
        memory: the frame's global map (O,h,w) of earlier rounds.
    """
    before = batch["interaction_previous"][clip]
    previous = None if bool((before < 0).all()) else before
    strokes_map = None
    if network.interaction_map:
        label = batch["interaction_reference"][clip].numpy()
        strokes_map = network.match_globally(embedding, embedding, label, ids)
        strokes_map = strokes_map if memory is None else paddle.minimum(strokes_map, memory)
    return network.interaction_inputs(embedding.unsqueeze(0), batch["scribble"][clip], previous, ids, strokes_map)
