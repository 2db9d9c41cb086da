with

orders as (

    select * from {{ ref('stg_orders') }}

),

statuses as (

    select * from {{ ref('order_statuses') }}

),

-- ingest counts an order once a day; one that was sent again with another date is the order that came first
ranked as (

    select
        orders.*,
        row_number() over (
            partition by order_id
            order by order_date, source_key, source_line
        ) as occurrence
    from orders

),

final as (

    select
        ranked.order_id,
        ranked.customer_id,
        ranked.status,
        statuses.is_revenue,
        ranked.pickup_city,
        ranked.currency,
        ranked.order_total_cents,
        ranked.order_total,
        ranked.order_date,
        cast(date_trunc('month', ranked.order_date) as date) as order_month
    from ranked
    left join statuses on ranked.status = statuses.status
    where ranked.occurrence = 1

)

select * from final
