"""What maintainers run: labs from solutions, slides, locks, benchmarks."""
