"""Benchmarks: this kit against the usual way of doing the same, as ratios within one run."""
