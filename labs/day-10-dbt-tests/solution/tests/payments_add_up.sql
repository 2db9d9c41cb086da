with

paid as (

    select
        order_id,
        sum(amount) as amount
    from {{ ref('stg_payments') }}
    group by order_id

)

select
    orders.order_id,
    orders.order_total,
    paid.amount
from {{ ref('stg_orders') }} as orders
left join paid on orders.order_id = paid.order_id
where coalesce(paid.amount, 0) <> orders.order_total
