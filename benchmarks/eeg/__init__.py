"""Frontal EEG as files that a device replays, the daemon over them, and bare onnxruntime beside it."""
