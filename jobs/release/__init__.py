"""From an audited night to the tables that marketing, risk and auditors read."""
