"""Tells people what they must look at, by every channel that they have set up."""
