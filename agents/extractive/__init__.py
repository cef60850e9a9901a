"""The reader without a language model: it finds, ranks and quotes."""
