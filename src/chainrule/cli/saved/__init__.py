"""The commands on a saved model: ``predict``, ``evaluate``, ``info``, ``doctor`` and ``explain``."""
