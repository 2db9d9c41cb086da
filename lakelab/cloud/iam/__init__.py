"""IAM: what AWS's policies decide, a record of every decision, and what can be learnt from it."""
