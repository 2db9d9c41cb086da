from __future__ import annotations

from collections import Counter
from typing import Any

from botocore import xform_name

from lakelab.cloud.glue.api import GlueService
from lakelab.cloud.glue.indexes import IndexOperations
from lakelab.cloud.glue.operations import Operations
from lakelab.cloud.wire import service_model


def test_no_class_of_operations_hides_a_method_of_another() -> None:
    classes = [base for base in GlueService.__mro__ if issubclass(base, Operations) and base is not Operations]
    assert IndexOperations in classes
    methods = Counter(name for base in classes for name, value in vars(base).items() if callable(value))
    assert [name for name, count in methods.items() if count > 1 and not name.startswith("__")] == []


def test_every_public_method_is_an_operation_of_glue() -> None:
    operations = {xform_name(name) for name in service_model("glue").operation_names}
    helpers = {"resources", "start", "close"}
    helpers |= {"table_of", "tags_of", "tag", "untag", "add_partition_index", "fire", "note_end"}
    public = {name for name in dir(GlueService) if not name.startswith("_") and callable(getattr(GlueService, name))}
    assert public - operations == helpers


def test_what_is_not_implemented_says_so(glue: Any) -> None:
    message = (
        "glue:CreateConnection is not implemented by the local AWS; "
        "localstack/FIDELITY.md lists the operations that are."
    )
    with glue.fails("NotImplementedException", message):
        glue("CreateConnection", ConnectionInput={"Name": "c", "ConnectionType": "JDBC", "ConnectionProperties": {}})


def test_athenas_import_status_is_complete(glue: Any) -> None:
    assert glue("GetCatalogImportStatus") == {"ImportStatus": {"ImportCompleted": True}}
