"""One file for each revision; what is published is never changed."""
