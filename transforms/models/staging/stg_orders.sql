with

source as (

    select * from {{ source('lake', 'orders') }}

),

renamed as (

    select
        -- ids
        order_id,
        customer_id,

        -- what and where
        status,
        city as pickup_city,

        -- amounts
        currency,
        order_total_cents,
        {{ cents_to_dollars('order_total_cents') }} as order_total,

        -- time
        order_date,

        -- where the row comes from
        source_key,
        source_line
    from source

)

select * from renamed
