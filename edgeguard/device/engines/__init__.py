"""Runtimes behind one face: ``with`` opens, `input_spec` describes, ``infer(x) -> logits``."""
