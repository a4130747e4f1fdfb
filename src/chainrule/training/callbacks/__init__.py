"""Callbacks: functions that follow a training run and may end it; `chainrule.callbacks` has the public names."""
