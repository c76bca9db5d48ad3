"""Trains and judges models as model.yaml describes them: from data to a published release."""
