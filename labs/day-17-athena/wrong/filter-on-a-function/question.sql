select currency, sum(total_cents) as revenue_cents
from orders
where order_id like '%-0303-%'
    and status = 'completed'
group by currency
order by currency
