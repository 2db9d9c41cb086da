"""What lakelab adds to LocalStack's own process: it runs in LocalStack's environment and imports nothing of lakelab."""
