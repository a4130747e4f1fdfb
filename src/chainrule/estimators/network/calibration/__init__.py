"""What an estimator learns from the rows that its networks held out: a temperature, and the spread of numbers."""
