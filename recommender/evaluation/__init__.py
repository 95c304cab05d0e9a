"""Rating and ranking metrics, slices, behavioural tests and the promotion gate."""
