"""Parts that several tests share: strategies, error bounds, derivatives, processes, awkward files."""
