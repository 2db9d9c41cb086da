"""`getResolvedOptions`, as scripts of Glue jobs import it.

https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-crawler-pyspark-extensions-get-resolved-options.html
"""

import argparse


class GlueArgumentError(Exception):
    """A job's argument is missing or malformed."""


class _Parser(argparse.ArgumentParser):
    def error(self, message):
        raise GlueArgumentError(message)


def getResolvedOptions(args, options):  # AWS's name
    """The values of the named arguments in `args` (`sys.argv`), as a dictionary. Every one of them is required."""
    parser = _Parser(allow_abbrev=False, add_help=False)
    for option in options:
        parser.add_argument(f"--{option}", required=True)
    known, _ = parser.parse_known_args(args[1:])
    return vars(known)
