"""From people's own folders of frames and masks to a data set in DAVIS's layout: `sources` reads, `prepare` checks and
writes."""

from __future__ import annotations

from .prepare import Finding, check_sequences, write_data_set
from .sources import SourceSequence, open_source

__all__ = ["Finding", "SourceSequence", "check_sequences", "open_source", "write_data_set"]
