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
    "INFERENCE.max_memory_mib": "memory for embeddings and maps in MiB, beside what the network takes; what is beyond "
    "it waits in a temporary file. ``--max-memory`` goes before it.",
    "INFERENCE.storage": "of embeddings and maps: ``float16`` rounds them and halves what they take.",
    "INFERENCE.reach": "how far a round's masks are carried: over the whole ``video``, or only to the next annotated "
    "frames, ``between`` which the masks of both sides mix.",
    "INFERENCE.refine": "strokes are answered by the propagation head on top of the interaction head; the reference "
    "does not.",
    "INFERENCE.references": "what global matching compares other frames with: the ``strokes``, or in the first "
    "round what its ``answer`` is sure of.",
    "INFERENCE.max_leap": "parts of an object that appear further than this share of the short side from where the "
    "frame beside has it (in the annotated frame: its strokes, and the mask before) are dropped; null: none are.",
    "INFERENCE.search": "objects are looked for so far around where the frame beside has them, as a share of the short "
    "side; null, and for one that is not there: everywhere.",
    "INFERENCE.click_region": "how far an object may reach from a single click, as a share of the short side: its "
    "region of interest in the first round; null: 20 cells of the grid, as from strokes.",
    "INFERENCE.click_bias": "added in the first round to the logits of an object that a single click shows.",
    "INFERENCE.click_lines": "an object that a single click shows is answered twice, the second time by lines along "
    "the middle of the first answer.",
    "INFERENCE.local_corrections": "a correction changes what its strokes reach: false patches go whole, what is "
    "further off stands.",
    "INFERENCE.correction_rivals": "strokes of later rounds claim in other frames what looks more like them than like "
    "anything else in their own frame, which, with ``local_corrections``, is matched with what they do not reach, too.",
    "INFERENCE.edges": "masks follow the edges of the picture (a guided filter of the grid's shares over its colours).",
    "INFERENCE.upsampling": "``corners``: the grid's first and last cells lie at the picture's first and last pixels; "
    "``cells``: each within its own pixels.",
    "RoundMetric.seed": "of the simulated strokes.",
    "INFERENCE.precision": "of the compiled network: ``bf16`` is faster on processors that have it, and about 1 % off.",
}

SECTION_DEFAULTS: dict[str, Any] = {
    "output_dir": "output/<model_name>",
    "save_minutes": None,
    "ema_decay": None,
    "DATASET.num_workers": 0,
    "DATASET.valid.split": None,
    "DATASET.valid.sequences": None,
    "DATASET.valid.resolution": "480p",
    "DATASET.valid.max_objects": 20,
    "MODEL.backbone.pretrained": None,
    "INFERENCE.max_memory_mib": 384,
    "INFERENCE.storage": "float32",
    "INFERENCE.reach": "video",
    "INFERENCE.refine": False,
    "INFERENCE.references": "strokes",
    "INFERENCE.max_leap": None,
    "INFERENCE.search": None,
    "INFERENCE.click_region": None,
    "INFERENCE.click_bias": 0,
    "INFERENCE.click_lines": False,
    "INFERENCE.local_corrections": False,
    "INFERENCE.correction_rivals": False,
    "INFERENCE.edges": False,
    "INFERENCE.upsampling": "corners",
    "INFERENCE.precision": "fp32",
}
