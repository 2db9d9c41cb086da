"""The kit's own rules as checkov checks over the Terraform plan that `lakelab lint` renders from the stacks.

Each rule has a passing and a failing example in `examples/<rule>.yaml`.
"""
