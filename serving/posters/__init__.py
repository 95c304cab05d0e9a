"""Posters: drawn by title and genre, or fetched where a key is configured."""
