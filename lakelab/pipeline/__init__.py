"""What `make up-local` strings together: start, deploy, seed, ingest, crawl, transform, report."""
