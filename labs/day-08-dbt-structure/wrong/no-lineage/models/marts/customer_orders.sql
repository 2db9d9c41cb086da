with

customers as (

    select * from {{ ref('stg_customers') }}

),

orders as (

    select
        customer_id,
        min(ordered_at) as first_ordered_at,
        count(*) as orders,
        sum(total_cents) as total_cents
    from stg_orders
    group by customer_id

),

final as (

    select
        customers.customer_id,
        customers.first_name,
        customers.last_name,
        orders.first_ordered_at,
        coalesce(orders.orders, 0) as orders,
        coalesce(orders.total_cents, 0) as total_cents
    from customers
    left join orders on customers.customer_id = orders.customer_id

)

select * from final
