"""Statistics of the columns that an encoder is fitted to."""
