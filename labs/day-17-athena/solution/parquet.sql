create table orders
with (
    format = 'PARQUET',
    external_location = 's3://lab-day-17-lake/parquet/',
    partitioned_by = array['order_date']
)
as
select
    order_id,
    customer_name,
    city,
    cast(total_cents as bigint) as total_cents,
    currency,
    status,
    order_date
from orders_csv
