"""The orders_ingest function: CSV files of the orders feed to Parquet in the curated zone."""
