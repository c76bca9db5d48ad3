"""The modules of edgeops as manifests, for a fleet of edge devices; other keys can follow."""

from __future__ import annotations

MODEL_LOADER = """\
---
apiVersion: edgeops/v1
kind: Module
metadata: {name: model_loader}
spec:
  image: ghcr.io/example/edgeops-model-loader:1.0.0
  storage: [{source: /srv/models, target: /models}]
"""
FORECASTER = MODEL_LOADER.replace("model_loader", "forecaster").replace(
    "model-loader", "forecaster"
)
