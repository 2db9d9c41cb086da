-- name: ingest_reconciliation
-- description: Rows in, clean, quarantined and duplicate of all files; unaccounted_rows is 0 unless rows were lost.
-- database: lake
select
    status,
    count(*) as files,
    sum(rows_in) as rows_in,
    sum(clean) as clean,
    sum(quarantined) as quarantined,
    sum(duplicate) as duplicate,
    sum(rows_in - clean - quarantined - duplicate) as unaccounted_rows
from orders_ingests
group by status
order by status
