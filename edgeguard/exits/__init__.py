"""How exits are averaged, how they disagree, and how the alarm threshold is calibrated. numpy and scipy.

Everything here works on the one tensor of the house: logits or probabilities of shape (batch, exits, classes).
"""
