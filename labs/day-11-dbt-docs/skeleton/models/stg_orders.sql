select
    id as order_id,
    customer as customer_id,
    ordered as ordered_at,
    status,
    cast((subtotal - discount) * 0.01 as decimal(18, 2)) as order_total
from {{ source('raw', 'orders') }}
