"""Finding movies, people and keywords by what somebody types."""
