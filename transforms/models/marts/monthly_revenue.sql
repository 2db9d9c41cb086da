with orders as (

    select * from {{ ref('clean_orders') }}

),

revenue_orders as (

    select * from orders
    where is_revenue

),

final as (

    select
        order_month,
        currency,
        count(*) as orders,
        count(distinct customer_id) as customers,
        sum(order_total_cents) as revenue_cents,
        {{ cents_to_dollars('sum(order_total_cents)') }} as revenue

    from revenue_orders
    group by order_month, currency

)

select * from final
