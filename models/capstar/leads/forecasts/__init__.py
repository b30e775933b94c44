"""Forecasts out of sample: made, combined, compared, and their economic value."""
