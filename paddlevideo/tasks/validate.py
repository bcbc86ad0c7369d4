"""Scores while training: the test by rounds on DATASET.valid."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from ..loader.preprocess import Preprocess
from ..modeling import MANet
from ..session.settings import session_settings
from ..utils.registry import METRICS
from .test import evaluate, read_sequences

logger = logging.getLogger(__name__)


class Validation:
    """`evaluate` with the data and the metric of a config, which are read at once: bad data shows before training."""

    def __init__(self, cfg: Mapping[str, Any]) -> None:
        self.metric = METRICS.build(cfg["METRIC"])
        self.sequences = read_sequences(cfg["DATASET"], self.metric, part="valid")
        self.preprocess = Preprocess(**cfg["PIPELINE"]["input"])
        self.settings = session_settings(cfg)

    def __call__(self, model: MANet) -> dict[str, float]:
        """Return J, F and J&F (``JF``) after the last round."""
        summary = evaluate(model, self.sequences, self.metric, self.preprocess, settings=self.settings)
        last_round = summary["rounds"][-1]
        scores = {key: float(last_round[key]) for key in ("J", "F", "JF")}
        logger.info("J&F %.4f after round %s of %d sequences", scores["JF"], last_round["round"], len(self.sequences))
        return scores
