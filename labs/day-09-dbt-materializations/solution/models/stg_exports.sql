{{ config(materialized='view') }}

select
    order_id,
    customer,
    cast(ordered_at as timestamp) as ordered_at,
    status,
    total_cents,
    cast(regexp_extract(filename, '\d{4}-\d{2}-\d{2}') as date) as exported_on
from {{ source('raw', 'exports') }}
