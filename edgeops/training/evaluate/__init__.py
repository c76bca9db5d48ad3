"""Judges forecasts: metrics, baselines, comparisons, gates, and the scorecard of all that."""
