select city, sum(order_total_cents) as revenue_cents
from orders
where ordered_at >= timestamp '2025-03-01 00:00:00'
    and ordered_at < timestamp '2025-04-01 00:00:00'
    and status = 'completed'
group by city
order by city
