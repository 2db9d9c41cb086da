with source as (

    select * from {{ source('lake', 'orders') }}

),

renamed as (

    select
        -- ids
        order_id,
        customer_id,

        -- numerics
        order_total_cents,

        -- texts
        currency,
        status,
        nullif(city, '') as city,

        -- dates
        order_date,

        -- where the row came from
        source_key,
        source_line

    from source

)

select * from renamed
