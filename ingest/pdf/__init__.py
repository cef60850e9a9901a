"""PDF pages: words, lines, reading order, tables, sections."""
