"""Towards Adversarial Robustness with Early Exit Ensembles (Qendro & Mascolo 2022): Tables I and II, and the cost.

`paper` is what the paper says, `recipes` and `study` train and attack its nets, `measured` keeps each figure once it is
there, `cost` measures what exits add, `tables` puts ours next to the paper's (the standard library alone).
"""
