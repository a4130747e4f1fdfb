"""A document of sections and formulas as frozen values, which know no printer and no language."""
