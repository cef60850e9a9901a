"""Ask long documents, and get every sentence proved by page, quote and box."""
