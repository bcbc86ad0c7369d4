"""``main.py`` for tests in processes of their own: the whole program, with an encoder small enough for a test."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

CONFIG = """
model_name: tiny
epochs: 2
log_interval: 1
save_interval: 1
keep_checkpoints: 2
ema_decay: 0.5
MODEL:
  framework: MANet
  train_heads: both
  backbone: {{name: LateralDeepLab, encoder: {{name: TinyEncoder}}, channels: 8, atrous_rates: [1], dropout: {dropout}}}
  embedding: {{name: PixelEmbedding, channels: 8}}
  interaction_head: &head {{name: SeparableHead, channels: 8, blocks: 1, kernel_size: 3}}
  propagation_head: *head
  matching: {{window: 2}}
  loss: {{name: TopKCrossEntropy}}
DATASET:
  batch_size: 2
  train: {{format: ClipDataset, file_path: {data}, split: train, repeat: {repeat}, short_side: 96}}
PIPELINE:
  input: {{color: rgb}}
  train: {{transform: [RandomCrop: {{size: 64}}]}}
OPTIMIZER:
  name: SGD
  learning_rate: {{name: PolynomialDecay, base: 0.001}}
"""


def write_config(path: Path, data: Path, dropout: float = 0.0, repeat: int = 4) -> Path:
    """Write a config of ``repeat`` steps an epoch on the tiny DAVIS folder ``data``."""
    path.write_text(CONFIG.format(data=data, dropout=dropout, repeat=repeat))
    return path


def main(argv: Sequence[str]) -> int:
    """Run ``main.py`` with these arguments in this process."""
    import main as program

    register_encoder()
    return program.main([*argv, "--threads", "1"])


def register_encoder() -> None:
    """Make the configs' encoder known; at the end of a file of tests it no longer is."""
    from paddlevideo.utils.registry import ENCODERS

    if "TinyEncoder" in ENCODERS:
        return
    from paddlevideo.utils.runtime import import_paddle, prepare_threads

    prepare_threads(1)
    import_paddle()
    from paddle import nn

    from paddlevideo.modeling.backbones.encoder import Encoder
    from paddlevideo.modeling.layers import conv2d

    class TinyEncoder(Encoder):
        """Features of strides 4, 8 and 16 with pointwise convolutions alone."""

        channels = (8, 8, 8)

        def __init__(self) -> None:
            super().__init__()
            self.stages = nn.LayerList([self._stage(inputs) for inputs in (3, 8, 8, 8)])

        @staticmethod
        def _stage(inputs: int) -> nn.Layer:
            return nn.Sequential(nn.AvgPool2D(2), conv2d(inputs, 8), nn.BatchNorm2D(8), nn.ReLU())

        def forward(self, x):
            features = []
            for stage in self.stages:
                x = stage(x)
                features.append(x)
            return tuple(features[1:])

    ENCODERS.register(TinyEncoder)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
