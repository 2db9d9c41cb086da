"""The file formats of Hive tables: how each is read by DuckDB, and how it is written."""
