"""The crawler: reads the objects under an S3 path, infers tables and partitions, and writes them to the catalog."""
