"""What the hybrid makes of movies without ratings, and of viewers with few."""
