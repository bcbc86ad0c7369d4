"""The measurements of ``tools/benchmark.py``, one a file."""
