select
    id as order_id,
    status,
    subtotal - discount as total_cents,
    {{ cents_to_dollars('subtotal - discount') }} as order_total
from {{ source('raw', 'orders') }}
