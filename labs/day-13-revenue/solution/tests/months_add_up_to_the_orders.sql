with

orders as (

    select currency, sum(order_total) as revenue
    from {{ ref('clean_orders') }}
    where status = 'completed'
    group by currency

),

months as (

    select currency, sum(revenue) as revenue
    from {{ ref('monthly_revenue') }}
    group by currency

)

select *
from orders
full outer join months on orders.currency = months.currency
where orders.revenue is distinct from months.revenue
