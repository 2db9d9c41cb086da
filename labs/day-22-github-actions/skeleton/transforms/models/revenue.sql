select order_date, sum({{ cents_to_dollars('total_cents') }}) as revenue
from {{ ref('stg_orders') }}
group by order_date
