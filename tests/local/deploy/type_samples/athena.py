"""Samples of the types of Athena."""

from __future__ import annotations

from type_samples.parts import TAGS, Sample, World


def samples(w: World, n: str) -> dict[str, Sample]:
    """A sample of each type; `n` begins the names of what they make."""
    return {
        "aws:athena/workgroup:Workgroup": Sample(
            {"name": n, "configuration": {"resultConfiguration": {"outputLocation": f"s3://{w.bucket}/r/"}}},
            {
                "configuration": {
                    "bytesScannedCutoffPerQuery": 20000000,
                    "enforceWorkgroupConfiguration": False,
                    "resultConfiguration": {
                        "outputLocation": f"s3://{w.bucket}/s/",
                        "encryptionConfiguration": {"encryptionOption": "SSE_S3"},
                    },
                },
                "description": "other",
                "state": "DISABLED",
                **TAGS,
            },
            {"name": f"{n}-2"},
        ),
        "aws:athena/dataCatalog:DataCatalog": Sample(
            {
                "name": n.replace("-", "_"),
                "type": "GLUE",
                "description": "one",
                "parameters": {"catalog-id": "000000000000"},
            },
            {"description": "other", "parameters": {"catalog-id": "111111111111"}, **TAGS},
            {"name": n.replace("-", "_") + "_2"},
            untested={"type": "GLUE alone here"},
        ),
        "aws:athena/namedQuery:NamedQuery": Sample(
            {"name": n, "database": w.database, "query": "SELECT 1"},
            {},
            {
                "name": f"{n}-2",
                "query": "SELECT 2",
                "description": "other",
                "workgroup": w.workgroup,
                "database": "other",
            },
        ),
        "aws:athena/preparedStatement:PreparedStatement": Sample(
            {"name": n.replace("-", "_"), "workgroup": w.workgroup, "queryStatement": "SELECT 1"},
            {"queryStatement": "SELECT 2", "description": "other"},
            {"name": n.replace("-", "_") + "_2"},
            kept={"description": "an update without a description keeps the old one"},
            untested={"workgroup": "one workgroup here"},
        ),
    }
