-- name: orders_by_city
-- description: Orders and the share of cancelled ones by city, for the latest 30 days that have data.
-- database: lake
with latest as (
    select max(order_date) as last_day
    from orders
)

select
    coalesce(orders.city, '(unknown)') as city,
    count(*) as orders,
    round(cast(count_if(orders.status = 'cancelled') as double) / count(*), 4) as cancelled_share
from orders
cross join latest
where orders.order_date > date_add('day', -30, latest.last_day)
group by coalesce(orders.city, '(unknown)')
order by orders desc, city asc
