"""Fixtures for all tests."""

pytest_plugins = ["lakelab.testing"]
