-- name: files_per_partition
-- description: Days whose orders came in more than one file: late deliveries, and where small files pile up.
-- database: lake
select
    order_date,
    count(distinct "$path") as parquet_files,
    count(*) as orders,
    sum(case when status = 'completed' then order_total_cents else 0 end) as completed_cents
from orders
group by order_date
having count(distinct "$path") > 1
order by parquet_files desc, order_date asc
