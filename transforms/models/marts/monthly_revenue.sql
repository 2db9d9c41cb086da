with

orders as (

    select * from {{ ref('clean_orders') }}
    where is_revenue

),

final as (

    select
        order_month,
        currency,
        count(*) as orders,
        count(distinct customer_id) as customers,
        sum(order_total) as revenue
    from orders
    group by order_month, currency

)

select * from final
