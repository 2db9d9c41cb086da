"""Every workgroup says where results go, whatever the client asks for, and stops queries that scan too much."""

from __future__ import annotations

from typing import Any

from resources import Rule, value

WORKGROUP = ("aws_athena_workgroup",)


class Output(Rule):
    id = "LAKE_ATHENA_OUTPUT"
    says = "A workgroup enforces where results go"
    about = WORKGROUP

    def problem(self, conf: dict[str, Any]) -> str:
        if not value(conf, "configuration", "result_configuration", "output_location"):
            return "it has no output location"
        # Athena's default is true
        # https://docs.aws.amazon.com/athena/latest/APIReference/API_WorkGroupConfiguration.html
        enforced = value(conf, "configuration", "enforce_workgroup_configuration")
        return "" if enforced is not False else "a client's own settings override it"


class CutOff(Rule):
    id = "LAKE_ATHENA_CUTOFF"
    says = "A workgroup stops a query that scans too much"
    about = WORKGROUP

    def problem(self, conf: dict[str, Any]) -> str:
        return (
            ""
            if value(conf, "configuration", "bytes_scanned_cutoff_per_query")
            else "a query may scan, and cost, any amount"
        )


for rule in (Output, CutOff):
    rule()
