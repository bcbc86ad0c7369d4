"""What each of two launched processes does for ``test_processes.py``; it writes what it found to FOLDER/rank<N>.json.

Usage (under Paddle's launcher): two_processes.py CONFIG FOLDER
"""

from __future__ import annotations

import json
import os
import signal
import sys
from contextlib import redirect_stderr
from io import StringIO
from pathlib import Path
from typing import Any

from paddlevideo.utils import processes
from tests.tasks import tiny_training


def main(config: str, folder: Path) -> None:
    base = ["-c", config, "-o", "DATASET.batch_size=1", "-o", "sync_norm=true"]
    found: dict[str, Any] = {"straight": tiny_training.main([*base, "-o", f"output_dir={folder}/straight"])}
    parts = [*base, "-o", f"output_dir={folder}/parts"]
    with acting(stop):
        try:
            tiny_training.main(parts)
        except SystemExit as stopped:
            found["stopped"] = stopped.code
    found["resumed"] = tiny_training.main([*parts, "--resume"])
    with acting(spoil), redirect_stderr(StringIO()) as said:
        found["spoilt"] = tiny_training.main([*base, "-o", f"output_dir={folder}/spoilt"])
    found["message"] = said.getvalue().splitlines()[-1]
    with redirect_stderr(StringIO()) as said:
        found["more"] = tiny_training.main([*parts, "--resume", "-o", "DATASET.batch_size=2"])
    found["refused"] = said.getvalue().splitlines()[-1]
    found.update(collectives())
    found["norm"] = norm_error()
    (folder / f"rank{processes.rank()}.json").write_text(json.dumps(found))


class acting:
    """Within the block ``act(step, model)`` is called before each training step."""

    def __init__(self, act: Any) -> None:
        self.act = act

    def __enter__(self) -> None:
        from paddlevideo.tasks import train

        self.module, self.step = train, train.training_step

        def training_step(state: Any, arrays: Any, step: int, *rest: Any) -> Any:
            self.act(step, state.model)
            return self.step(state, arrays, step, *rest)

        train.training_step = training_step

    def __exit__(self, *error: object) -> None:
        self.module.training_step = self.step


def stop(step: int, model: Any) -> None:
    if (step, processes.rank()) == (2, 1):
        os.kill(os.getpid(), signal.SIGTERM)


def spoil(step: int, model: Any) -> None:
    if (step, processes.rank()) == (1, 1):
        bias = model.propagation_head.parameters()[-1]
        bias.set_value(bias * float("nan"))


def collectives() -> dict[str, Any]:
    import paddle

    from paddlevideo.utils.errors import InputError

    rank = processes.rank()

    def fail() -> None:
        raise InputError(f"of rank {rank}")

    try:
        processes.from_main(fail)
    except InputError as error:
        problem = str(error)
    tensor = paddle.to_tensor([float(rank + 5)])
    processes.copy_from_main([tensor])
    both, one, none = (paddle.create_parameter([2], "float32") for _ in range(3))
    both.grad = paddle.to_tensor([1.0, 2.0]) * (rank + 1)
    if rank:
        one.grad = paddle.to_tensor([4.0, 8.0])
    processes.average_gradients([both, one, none])
    return {
        "gathered": processes.gather({"rank": rank, "long": "x" * 10 * rank}),
        "problem": problem,
        "from_main": processes.from_main(lambda: f"rank {rank}"),
        "mean": processes.mean([rank, 10.0]),
        "highest": processes.highest(rank),
        "shard": processes.shard(list("abc")),
        "copied": tensor.item(),
        "gradients": [both.grad.tolist(), one.grad.tolist(), none.grad],
        "threads": [os.environ["OMP_NUM_THREADS"], processes.processes_here()],
    }


def norm_error() -> dict[str, float]:
    """Synchronised norm of two and three samples against Paddle's norm of all five: largest differences, relative."""
    import numpy as np
    import paddle
    from paddle import nn

    from paddlevideo.modeling.sync_norm import SyncBatchNorm2D, synchronise_norms

    rng = np.random.default_rng(0)
    x, after = (rng.normal(3, 2, (5, 4, 6, 7)).astype("float32") for _ in range(2))
    mine = slice(0, 2) if processes.is_main() else slice(2, 5)
    plain, model = nn.BatchNorm2D(4), nn.Sequential(nn.BatchNorm2D(4), nn.BatchNorm2D(4))
    for parameter in model[1].parameters():
        parameter.stop_gradient = True
    names = list(model.state_dict())
    assert synchronise_norms(model) == 1 and names == list(model.state_dict())
    assert isinstance(model[0], SyncBatchNorm2D) and not isinstance(model[1], SyncBatchNorm2D)
    results = []
    for norm, part in ((plain, slice(0, 5)), (model[0], mine)):
        images = paddle.to_tensor(x[part], stop_gradient=False)
        out = norm(images)
        (out * paddle.to_tensor(after[part])).sum().backward()
        results.append({"out": out, "input": images.grad, "mean": norm._mean, "variance": norm._variance})
    processes.sum_in_place(model[0].weight.grad)
    whole, part = results
    pairs = {key: (whole[key][mine] if key in ("out", "input") else whole[key], part[key]) for key in whole}
    pairs["weight"] = plain.weight.grad, model[0].weight.grad
    plain.eval(), model.eval()
    pairs["eval"] = plain(images), model[0](images)
    return {key: float((one - two).abs().max() / one.abs().max()) for key, (one, two) in pairs.items()}


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
