-- name: monthly_revenue
-- description: Completed orders and revenue of each month, by currency, with the change over the month before.
-- database: analytics
select
    month,
    currency,
    orders,
    revenue,
    revenue - lag(revenue) over (partition by currency order by month) as change
from monthly_revenue
order by month, currency
