"""Long work in many units: each done once, kept at once, resumable wherever it was killed."""
