"""What runs the project elsewhere than on one machine, and watches it."""
