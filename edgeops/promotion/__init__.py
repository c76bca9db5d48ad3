"""Promotes releases from ring to ring: the decision, and the edit of the manifests."""
