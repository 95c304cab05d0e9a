"""The models of a worker: what is published is loaded, probed, swapped in, watched, taken back."""
