"""The commands on a saved model: ``predict``, ``evaluate``, ``info`` and ``doctor``."""
