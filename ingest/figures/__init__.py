"""Figures of a document: where they are, what they are called, who mentions them, what is printed in them."""
