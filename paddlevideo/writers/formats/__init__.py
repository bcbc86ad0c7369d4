"""The kinds of results; every module here is found by itself, see `paddlevideo.writers.exporter`."""
