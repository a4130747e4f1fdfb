"""The parts that all benchmark programs share: worker processes, turns, timing, figures, tables and pictures."""
