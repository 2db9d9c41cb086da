-- revenue is neither lost nor made on the way from the orders to the months
with

orders as (

    select
        currency,
        sum(order_total) as revenue
    from {{ ref('clean_orders') }}
    where is_revenue
    group by currency

),

months as (

    select
        currency,
        sum(revenue) as revenue
    from {{ ref('monthly_revenue') }}
    group by currency

)

select
    orders.revenue as revenue_of_orders,
    months.revenue as revenue_of_months,
    coalesce(orders.currency, months.currency) as currency
from orders
full outer join months on orders.currency = months.currency
where orders.revenue is distinct from months.revenue
