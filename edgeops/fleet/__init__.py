"""Manifests to desired state: parse, validate, resolve overlays. Pure, no I/O."""
