"""What a hub can be asked to do: load, apply a rule, save, in one transaction.

Knows nothing of HTTP or MQTT, which both end here.
"""
