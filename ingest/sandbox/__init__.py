"""The processes that documents are parsed in, and what they may not do."""
