"""Filters, windows, signal quality and the synthetic ECG: numpy and scipy, the same code in lab and on device."""
