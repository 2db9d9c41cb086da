"""Iceberg tables: pyiceberg keeps their metadata, DuckDB reads their data and computes their changes."""
