-- name: orders_by_city
-- description: Orders and the share of cancelled ones by city, for the latest 30 days that have data.
-- database: lake
select
    coalesce(city, '(unknown)') as city,
    count(*) as orders,
    round(avg(case when status = 'cancelled' then 1.0 else 0.0 end), 4) as cancelled_share
from orders
where order_date > (select date_add('day', -30, max(order_date)) from orders)
group by coalesce(city, '(unknown)')
order by orders desc, city
