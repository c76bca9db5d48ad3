"""How good a model is: metrics, baselines, comparisons, gates."""
