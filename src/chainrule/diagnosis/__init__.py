"""What ails a network: its units, its data, its steps and its fit, each finding with evidence and a remedy."""

from chainrule.diagnosis.diagnose import diagnose
from chainrule.diagnosis.finding import Diagnosis, Finding

__all__ = ["Diagnosis", "Finding", "diagnose"]
