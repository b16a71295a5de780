"""Intake: deliveries in the landing area are checked whole, then row by row."""
