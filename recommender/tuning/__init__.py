"""Looking for better hyper-parameters on the validation ratings: the objective, trials, studies."""
