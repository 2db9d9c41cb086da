-- name: orders_by_city
-- description: Orders and the share of cancelled ones by city, for the latest 30 days that have data.
-- database: lake
select
    coalesce(city, '(unknown)') as city,
    count(*) as orders,
    round(cast(count_if(status = 'cancelled') as double) / count(*), 4) as cancelled_share
from orders
where order_date > (select date_add('day', -30, max(order_date)) from orders)
group by coalesce(city, '(unknown)')
order by orders desc, city
