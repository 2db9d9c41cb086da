"""LocalStack as the core: its own environment, its process, and what runs Lambda functions where no Docker is."""
