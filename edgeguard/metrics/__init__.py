"""Classification, calibration, detection and intervals on plain arrays."""
