"""The lint: what the Pulumi program deploys, and the rest of the repository, checked by one command with one report."""
