select city, sum(order_total_cents) as revenue_cents
from orders
where year = 2025 and month = 3 and status = 'completed'
group by city
order by city
