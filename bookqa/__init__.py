"""Question-answer sets made from whole books: every answer rests on quotes that stand in the book."""
