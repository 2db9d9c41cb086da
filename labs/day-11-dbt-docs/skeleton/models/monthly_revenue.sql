select
    order_month,
    count(*) as orders,
    sum(paid) as revenue
from {{ ref('order_payments') }}
where status <> 'returned'
group by order_month
