select
    orders.order_id,
    orders.status,
    cast(date_trunc('month', orders.ordered_at) as date) as order_month,
    orders.order_total,
    coalesce(sum(payments.amount), 0) as paid
from {{ ref('stg_orders') }} as orders
left join {{ ref('stg_payments') }} as payments on orders.order_id = payments.order_id
group by all
