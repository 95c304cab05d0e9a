"""What goes in and out, as pydantic models: requests are checked by them, answers documented."""
