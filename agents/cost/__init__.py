"""What a question will take, before a model is called."""
