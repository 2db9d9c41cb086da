"""The part of AWS's `awsglue` that a Python shell job has."""
