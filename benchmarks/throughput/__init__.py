"""How fast the device is, each figure beside bare onnxruntime doing only the same inferences.

`memory_source` and `meter` are both ends of the daemon, which runs in this process (`in_process`); `bare` is the peer.
"""
