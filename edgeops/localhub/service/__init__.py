"""The operations of the hub: each loads, applies a rule and saves, in one transaction.

It knows nothing of HTTP and MQTT, which both call it.
"""
