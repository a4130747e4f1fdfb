"""Learning from the rows that the networks held out: a temperature, and the spread of numbers."""
