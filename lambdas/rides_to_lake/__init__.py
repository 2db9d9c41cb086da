"""The rides_to_lake function: ride events of the stream to Parquet in the curated zone."""
