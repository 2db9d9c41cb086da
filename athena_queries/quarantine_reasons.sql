-- name: quarantine_reasons
-- description: Why lines of the orders feed were rejected, the most frequent reason first, with an example of each.
-- database: lake
select
    reason,
    column_name,
    count(*) as rejected_lines,
    count(distinct source_key) as files,
    min(raw_line) as example
from orders_quarantine
group by reason, column_name
order by rejected_lines desc, reason asc, column_name asc
