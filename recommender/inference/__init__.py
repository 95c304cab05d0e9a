"""From a bundle to recommendations: what a web process needs, and nothing that trains."""
