"""Classification, calibration, detection, unfairness and robustness by group, and intervals, on plain arrays."""
