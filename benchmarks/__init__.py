"""Every number the README claims, as a command that prints one JSON object."""
