"""Page hits become a cited, checked answer."""
