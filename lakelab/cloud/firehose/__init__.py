"""Firehose: records gathered into a buffer, transformed, and delivered to S3 as one object a flush."""
