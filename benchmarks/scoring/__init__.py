"""Scorers: one module a rule, from a reply and what the set says to a number between 0 and 1."""
