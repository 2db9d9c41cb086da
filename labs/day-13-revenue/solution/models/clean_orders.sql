{{ config(materialized='table') }}

with

lines as (

    select * from {{ ref('stg_order_lines') }}
    where reason is null

),

-- repetitions are equal, so any of them is the order
final as (

    select
        order_id,
        customer_id,
        order_date,
        cast(date_trunc('month', order_date) as date) as order_month,
        currency,
        status,
        city,
        cast(order_total_cents * 0.01 as decimal(18, 2)) as order_total
    from lines
    qualify row_number() over (
        partition by order_id
        order by filename
    ) = 1

)

select * from final
