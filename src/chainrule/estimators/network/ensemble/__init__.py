"""The networks of an estimator: each on its own rows, several at once, and as many as a time limit allows."""

from chainrule.estimators.network.ensemble.member import Member, usable
from chainrule.estimators.network.ensemble.member_factory import MemberFactory
from chainrule.estimators.network.ensemble.plan import TrainingPlan
from chainrule.estimators.network.ensemble.supervision import Outcome, Training

__all__ = ["Member", "MemberFactory", "Outcome", "Training", "TrainingPlan", "usable"]
