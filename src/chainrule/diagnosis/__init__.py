"""Common faults of networks, their data, their training and their fit: each finding has evidence and a remedy."""

from chainrule.diagnosis.diagnose import diagnose
from chainrule.diagnosis.finding import Diagnosis, Finding

__all__ = ["Diagnosis", "Finding", "diagnose"]
