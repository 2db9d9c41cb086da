"""lakelab: an infrastructure-as-code lab kit for AWS data engineering."""

from importlib.metadata import version

__version__ = version("lakelab")
