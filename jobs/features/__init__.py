"""What is known about a person on a date: point-in-time by construction."""
