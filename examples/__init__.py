"""The bundled book: its text, the script that typesets it, and questions about it."""
