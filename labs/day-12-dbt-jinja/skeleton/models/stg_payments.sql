select
    id as payment_id,
    "order" as order_id,
    method,
    amount as amount_cents,
    {{ cents_to_dollars('amount') }} as amount
from {{ source('raw', 'payments') }}
