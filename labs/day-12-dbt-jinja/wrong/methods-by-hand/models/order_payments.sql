select
    orders.order_id,
    {% for method in ['card', 'coupon', 'transfer', 'voucher'] -%}
    coalesce(sum(case when payments.method = '{{ method }}' then payments.amount end), 0) as {{ method }}_amount,
    {% endfor -%}
    coalesce(sum(payments.amount), 0) as total_amount
from {{ ref('stg_orders') }} as orders
left join {{ ref('stg_payments') }} as payments on orders.order_id = payments.order_id
group by orders.order_id
