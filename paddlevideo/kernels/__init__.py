"""Compiled arithmetic for a CPU: matching, convolutions, half precision, whole network parts."""
