with

rides as (

    select * from {{ ref('stg_rides') }}

),

visits as (

    select
        pickup_city as city,
        currency,
        requested_at as seen_at
    from rides

    union all

    select
        dropoff_city as city,
        currency,
        ended_at as seen_at
    from rides
    where dropoff_city is not null

    union all

    -- a driver may be based where nobody was driven yet
    select
        driver_city as city,
        cast(null as varchar) as currency,
        requested_at as seen_at
    from rides

),

final as (

    select
        city,
        min(currency) as currency,
        min(seen_at) as first_seen_at,
        max(seen_at) as last_seen_at
    from visits
    group by city

)

select * from final
