"""Files that have no pages of their own, as blocks: web pages, books, Word files, plain text."""
