"""Argument checks for backends: each error names the parameter, the value and the remedy."""

from latentscope._validate import integer, one_of, positive, real

__all__ = ["integer", "one_of", "positive", "real"]
