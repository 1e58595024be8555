"""Classification, calibration, detection, fairness and robustness by group, and intervals, on plain arrays."""
