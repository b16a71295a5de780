"""Tiles: what a day of a source says of a person, aggregated once and read by every night."""
