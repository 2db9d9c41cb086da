select
    customer_id,
    count(*) as orders,
    sum(order_total) as total
from {{ ref('stg_orders') }}
where status <> 'returned'
group by customer_id
