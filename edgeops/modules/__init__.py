"""What runs on a device: `model_loader`, `forecaster`, and the `runtime` that both stand on."""
