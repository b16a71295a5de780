"""Past nights: computed for the history, held against what was published, and replayed."""
