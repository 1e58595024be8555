"""Adversarial Training Negatively Affects Fairness (Sooksatra & Rivas): Fig. 1-6, Tables I-V, and what it leaves open.

`paper` is what the paper says, `subjects` which nets are studied on which data at which scale, `recipes` and `study`
train and attack them, `answers` keeps what was measured of a net once it is there, `figures` makes unfairness of it,
`tables`, `differences` and `drawings` put ours next to the paper's, `page` makes one HTML page of all.
"""
