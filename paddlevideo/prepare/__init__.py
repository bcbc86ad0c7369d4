"""From people's own folders of frames and masks to a data set in DAVIS's layout: `sources` reads, `prepare` checks and
writes."""

from __future__ import annotations

from .prepare import Finding, check_sequences, write_data_set
from .sources import SourceSequence, open_source
from .write_davis import check_is_new

__all__ = ["Finding", "SourceSequence", "check_is_new", "check_sequences", "open_source", "write_data_set"]
