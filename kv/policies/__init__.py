"""Which KV pages of a document a question needs: policies, indices, scores. Needs torch and nothing else of Catena."""
