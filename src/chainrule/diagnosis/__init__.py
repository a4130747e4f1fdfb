"""Common faults of networks, their data, their training and their fit: each finding has evidence and a remedy."""

from chainrule.diagnosis.change import Change, Trial
from chainrule.diagnosis.diagnose import diagnose
from chainrule.diagnosis.finding import Diagnosis, Finding

__all__ = ["Change", "Diagnosis", "Finding", "Trial", "diagnose"]
