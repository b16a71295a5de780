"""What can be seen of a night from outside: log lines, records of steps, metrics."""
