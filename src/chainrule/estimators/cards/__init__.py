"""The parts that the cards and summaries of all estimators are made of."""
