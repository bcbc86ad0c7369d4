"""Scores while training: the test by rounds on DATASET.valid, as the section VALIDATION says."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from ..metrics.round_metric import RoundMetric
from ..modeling import MANet
from ..session.segmenter import Segmenter
from .test import evaluate, read_sequences

logger = logging.getLogger(__name__)


class Validation:
    """`evaluate` with the data and the metric of a config, which are read at once: bad data shows before training."""

    def __init__(self, cfg: Mapping[str, Any]) -> None:
        self.metric = RoundMetric(**cfg.get("VALIDATION", {}))
        self.sequences = read_sequences(cfg["DATASET"], self.metric, part="valid")
        Segmenter.check(cfg)
        self._cfg = cfg

    def __call__(self, model: MANet) -> dict[str, float]:
        """Return J and F after the first and the last round (``J1``, ``F1``, ``J3``, ``F3``), and the last J&F, ``JF``.

        Several processes share the sequences; each returns the scores of all of them. The model's mode, train or eval,
        is restored.
        """
        training = model.training
        model.eval()
        try:
            summary = evaluate(Segmenter.from_model(self._cfg, model), self.sequences, self.metric)
        finally:
            if training:
                model.train()
        first, last = summary["rounds"][0], summary["rounds"][-1]
        scores = {f"{key}{of['round']}": float(of[key]) for of in (first, last) for key in ("J", "F")}
        logger.info("J&F %.4f after round %s of %d sequences", last["JF"], last["round"], len(self.sequences))
        return {**scores, "JF": float(last["JF"])}
