"""Kinesis data streams and the event source mappings that poll them."""
