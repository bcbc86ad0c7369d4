"""What the config keys mean that no docstring describes under Args: keys of plain sections, by their dotted path.

The docstrings of constructors describe the others. ``Class.argument`` stands here only for a class that says what it
does in one sentence, without Args.
"""

from __future__ import annotations

from typing import Any

MEANINGS = {
    "MODEL": "the network, its loss and how it matches pixels.",
    "DATASET": "data to train on, to validate on and to test on.",
    "PIPELINE": "what is done to frames before the network.",
    "OPTIMIZER": "how the weights are updated, and the learning rate; needed by training.",
    "METRIC": "how ``--test`` scores.",
    "VALIDATION": "how ``--validate`` scores.",
    "INFERENCE": "settings of a session, for ``--infer``, ``--test`` and ``--validate``.",
    "model_name": "beginning of the names of the files that training writes.",
    "epochs": "passes over the training data; needed by training.",
    "stages": "trainings that follow one another, by name: keys of this file with what is other in that stage.",
    "log_interval": "optimisation steps from one line of the training log to the next.",
    "save_interval": "optimisation steps from one checkpoint to the next.",
    "save_minutes": "a checkpoint also after this many minutes without one; null: by steps alone.",
    "val_interval": "optimisation steps from one validation to the next (``--validate``).",
    "keep_checkpoints": "how many of the newest checkpoints are kept; older ones are removed.",
    "ema_decay": "decay a step of the moving average of the weights, which is then validated and shipped; null: none.",
    "output_dir": "folder for checkpoints, weights and logs.",
    "seed": "of everything random; ``--seed`` goes before it.",
    "sync_norm": "trained batch norms take their statistics over the batches of all processes.",
    "reference": "reproduce the official code's quirks where a part has an argument ``reference`` that is not given.",
    "DATASET.batch_size": "clips a step in each process; needed by training.",
    "DATASET.valid_batch_size": "accepted for PaddleVideo's command lines; a session works on one video.",
    "DATASET.test_batch_size": "accepted for PaddleVideo's command lines; a session works on one video.",
    "DATASET.num_workers": "processes that prepare batches ahead; 0: none.",
    "DATASET.train": "the training samples.",
    "DATASET.valid": "the folder that ``--validate`` scores on.",
    "DATASET.test": "the folder that ``--test`` scores on.",
    "DATASET.valid.format": "kind of the folder.",
    "DATASET.valid.file_path": "the DAVIS root: JPEGImages, Annotations, ImageSets and perhaps Scribbles.",
    "DATASET.valid.split": "name of a list in ImageSets; null: every sequence of the folder.",
    "DATASET.valid.sequences": "names to take instead of a split's.",
    "DATASET.valid.resolution": "the folder below JPEGImages and Annotations; the sizes are read from the files.",
    "DATASET.valid.max_objects": "a sequence with a larger object id is refused.",
    "PIPELINE.input": "what is done to every frame, in training and afterwards.",
    "PIPELINE.train": "what is done to training samples beside.",
    "PIPELINE.train.transform": "augmentations in their order.",
    "MODEL.loss": "what training minimises: (logits (1,O,H,W), ids (1,H,W), step) to a 0-d tensor.",
    "MODEL.backbone.pretrained": "weights to begin with: ``imagenet``, or a file; null: random ones.",
    "RoundMetric.seed": "of the simulated strokes.",
}

SECTION_DEFAULTS: dict[str, Any] = {
    "output_dir": "output/<model_name>",
    "stages": None,
    "save_minutes": None,
    "ema_decay": None,
    "DATASET.num_workers": 0,
    "DATASET.valid.split": None,
    "DATASET.valid.sequences": None,
    "DATASET.valid.resolution": "480p",
    "DATASET.valid.max_objects": 20,
    "MODEL.backbone.pretrained": None,
}
