"""Cost of a question, estimated before a model is called."""
