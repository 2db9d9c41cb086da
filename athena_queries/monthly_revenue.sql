-- name: monthly_revenue
-- description: Completed orders and revenue of each month, by currency, with the change over the month before.
-- database: analytics
select
    order_month,
    currency,
    orders,
    revenue,
    revenue - lag(revenue) over (partition by currency order by order_month) as revenue_change
from monthly_revenue
order by order_month, currency
