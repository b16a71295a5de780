"""The page of the night."""
