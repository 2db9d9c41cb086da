select currency, sum(total_cents) as revenue_cents
from orders
where order_date = '2025-03-03'
    and status = 'completed'
group by currency
order by currency
