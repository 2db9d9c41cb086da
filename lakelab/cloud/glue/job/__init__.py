"""Python shell jobs: a script from S3, run in a process of its own with the job's role."""
