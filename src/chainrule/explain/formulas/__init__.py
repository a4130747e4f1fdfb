"""The maps of the catalogue as formulas: σ with σ′, ℓ with ∂ℓ/∂a, of letters or of numbers."""
