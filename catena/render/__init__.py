"""Answers as text for a person: JSON, Markdown, HTML; and foreign text made harmless."""
