"""How large α may be (L12): 1/L from the curvature of J, a run that watches J, and a test over a range of α."""
