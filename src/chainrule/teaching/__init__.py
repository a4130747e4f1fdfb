"""Exercises in backpropagation by hand, and checks that name a student's mistake (Lecture, L14 – L17)."""

from chainrule.teaching.check_backprop import check_backprop
from chainrule.teaching.exercise import Exercise
from chainrule.teaching.marks import Mark, Marks
from chainrule.teaching.sheets import exercise

__all__ = ["Exercise", "Mark", "Marks", "check_backprop", "exercise"]
