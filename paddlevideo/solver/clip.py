"""One gradient clip over everything that is trained."""

from __future__ import annotations

import math
from collections.abc import Sequence

import paddle


@paddle.no_grad()
def gradient_norm(parameters: Sequence[paddle.Tensor]) -> float:
    """Return the L2 norm of all gradients taken as one vector; parameters without a gradient count as zero."""
    flat = [p.grad.astype("float32").flatten() for p in parameters if p.grad is not None]
    return math.sqrt(paddle.stack([paddle.dot(x, x) for x in flat]).sum().item()) if flat else 0.0


@paddle.no_grad()
def clip_gradients(parameters: Sequence[paddle.Tensor], limit: float | None) -> float:
    """Scale all gradients in place so that their common norm is at most ``limit``; return the norm before.

    Paddle's own `ClipGradByGlobalNorm` clips each parameter group by itself and does not tell the norm. A norm that
    is not finite is returned and nothing is scaled: the caller decides.
    """
    norm = gradient_norm(parameters)
    if limit is not None and math.isfinite(norm) and norm > limit:
        for parameter in parameters:
            if parameter.grad is not None:
                parameter.grad.scale_(limit / norm)
    return norm
