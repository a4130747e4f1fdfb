"""The parts of which the cards and the summaries of all estimators consist."""
