from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from lakelab.cloud.database import Database as SqliteFile
from lakelab.cloud.glue.api import SCHEMA
from lakelab.cloud.glue.model import Scope
from lakelab.cloud.glue.partition_store import PartitionStore
from lakelab.cloud.glue.store import CatalogStore

BATCH = 100
WRITER = """
import sys
from pathlib import Path
from lakelab.cloud.database import Database
from lakelab.cloud.glue.api import SCHEMA
from lakelab.cloud.glue.model import Scope
from lakelab.cloud.glue.partition_store import PartitionStore
from lakelab.cloud.glue.store import CatalogStore

file = Database(Path(sys.argv[1]), SCHEMA)
catalog, partitions, scope = CatalogStore(file), PartitionStore(file), Scope("0", "r")
catalog.create_database(scope, {"Name": "d"})
catalog.create_table(scope, "d", {"Name": "t", "PartitionKeys": [{"Name": "k", "Type": "int"}]}, "me")
for batch in range(10_000):
    with file.transaction():
        table = catalog.update_table(scope, "d", {"Name": "t", "Description": str(batch),
                                                  "PartitionKeys": [{"Name": "k", "Type": "int"}]})[1]
        for number in range(100):
            partitions.create(table, {"Values": [str(batch * 100 + number)]})
    print(batch, flush=True)
"""


def test_a_kill_in_the_middle_of_a_batch_leaves_whole_batches(tmp_path: Path) -> None:
    path = tmp_path / "glue.sqlite"
    writer = subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE)
    assert writer.stdout is not None
    acknowledged = [int(writer.stdout.readline()) for _ in range(20)][-1]
    writer.kill()
    acknowledged = max([acknowledged, *(int(line) for line in writer.stdout.read().split())])
    writer.wait()
    writer.stdout.close()

    file = SqliteFile(path, SCHEMA)
    catalog, partitions, scope = CatalogStore(file), PartitionStore(file), Scope("0", "r")
    table = catalog.table(scope, "d", "t")
    batches = table.version  # each batch has written one version, after version 0
    assert batches in (acknowledged + 1, acknowledged + 2)
    assert table.input["Description"] == str(batches - 1)
    assert len(partitions.find(table)) == batches * BATCH
    versions = catalog.versions(table, before=10**9, limit=-1)
    assert [version.version for version in versions] == list(range(batches, -1, -1))
    assert file.row("pragma integrity_check")[0] == "ok"  # type: ignore[index]
