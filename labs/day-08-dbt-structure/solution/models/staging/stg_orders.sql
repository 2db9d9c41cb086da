with

source as (

    select * from {{ source('raw', 'orders') }}

),

renamed as (

    select
        id as order_id,
        customer as customer_id,
        cast(ordered as timestamp) as ordered_at,
        status,
        subtotal as subtotal_cents,
        discount as discount_cents,
        subtotal - discount as total_cents
    from source

)

select * from renamed
