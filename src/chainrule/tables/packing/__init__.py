"""Tables of any size as packed rows: encoder and target are learned from a stream of pieces."""
