with

source as (

    select * from {{ source('raw', 'customers') }}

),

renamed as (

    select
        id as customer_id,
        first as first_name,
        last as last_name,
        cast(created as timestamp) as created_at
    from source

)

select * from renamed
