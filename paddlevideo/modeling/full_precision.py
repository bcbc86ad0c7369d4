"""Parts of the network that stay in float32 in mixed precision: distances and losses, whose sums overflow a half."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any

import paddle


def full_precision() -> AbstractContextManager[Any]:
    """Return a context without autocast; on a CPU, where there is none, it changes nothing."""
    if paddle.get_device() == "cpu":
        return nullcontext()
    context: AbstractContextManager[Any] = paddle.amp.auto_cast(enable=False)
    return context


def float32(x: paddle.Tensor) -> paddle.Tensor:
    """Return ``x`` in float32; what is so already is returned as it is."""
    return x if x.dtype == paddle.float32 else x.astype("float32")
