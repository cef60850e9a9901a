"""Policies of KV pages for a question: indices and scores. Needs torch and nothing else of Catena."""
