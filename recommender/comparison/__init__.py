"""All models on one split with an equal budget: what they cost, and what they are worth."""
