"""Weights files: read, named, known ones described, converted."""
