"""Event source mappings of Kinesis streams: what polls a stream's shards and invokes a function with their records."""
