"""The learning rate α (L12): 1/L from the curvature of J, a run that watches J, and a range test."""
