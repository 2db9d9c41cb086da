select
    id as payment_id,
    "order" as order_id,
    method,
    cast(amount * 0.01 as decimal(18, 2)) as amount
from {{ source('raw', 'payments') }}
