-- name: top_customers
-- description: The ten customers with the highest revenue in each currency.
-- database: analytics
with ranked as (
    select
        currency,
        customer_id,
        count(*) as orders,
        sum(order_total) as revenue,
        row_number() over (partition by currency order by sum(order_total) desc, customer_id) as place
    from clean_orders
    where status = 'completed'
    group by currency, customer_id
)

select
    currency,
    place,
    customer_id,
    orders,
    revenue
from ranked
where place <= 10
order by currency, place
