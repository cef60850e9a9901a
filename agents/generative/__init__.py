"""Readers with a language model: what they are sent, and what their replies are read as."""
