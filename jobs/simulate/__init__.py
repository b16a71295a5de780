"""The simulated city: feeds with a known truth, drawn from a seed."""
