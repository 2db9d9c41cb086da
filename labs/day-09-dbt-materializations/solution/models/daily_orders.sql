{{ config(materialized='table') }}

select
    cast(ordered_at as date) as ordered_on,
    count(*) as orders,
    sum(total_cents) as total_cents
from {{ ref('orders') }}
group by ordered_on
