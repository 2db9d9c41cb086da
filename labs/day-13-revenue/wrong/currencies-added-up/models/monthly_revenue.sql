{{ config(materialized='table') }}

select
    order_month,
    min(currency) as currency,
    count(*) as orders,
    count(distinct customer_id) as customers,
    sum(order_total) as revenue
from {{ ref('clean_orders') }}
where status = 'completed'
group by order_month
