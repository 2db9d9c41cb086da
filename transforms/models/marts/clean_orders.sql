{{ config(partitioned_by=['order_month']) }}

with orders as (

    select * from {{ ref('stg_orders') }}

),

statuses as (

    select * from {{ ref('order_statuses') }}

),

joined as (

    select
        -- ids
        orders.order_id,
        orders.customer_id,

        -- numerics
        orders.order_total_cents,
        {{ cents_to_dollars('orders.order_total_cents') }} as order_total,

        -- texts
        orders.currency,
        orders.status,
        orders.city,

        -- booleans
        statuses.is_revenue,

        -- dates; the partition key comes last
        orders.order_date,
        cast(date_trunc('month', orders.order_date) as date) as order_month

    from orders
    inner join statuses on orders.status = statuses.status

)

select * from joined
