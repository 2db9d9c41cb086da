with

rides as (

    select * from {{ ref('stg_rides') }}

),

drivers as (

    select * from {{ ref('dim_driver') }}

),

final as (

    select
        rides.ride_id,
        rides.rider_id,
        drivers.driver_key,
        rides.driver_id,
        rides.pickup_city,
        rides.dropoff_city,
        rides.status,
        rides.distance_meters,
        rides.currency,
        rides.fare_cents,
        rides.fare,
        rides.requested_at,
        rides.ended_at,
        rides.ride_date,
        rides.status = 'completed' as is_revenue,
        {{ seconds_between('rides.requested_at', 'rides.ended_at') }} as ride_seconds
    from rides
    left join drivers
        on
            rides.driver_id = drivers.driver_id
            and rides.requested_at >= drivers.valid_from
            and (rides.requested_at < drivers.valid_to or drivers.valid_to is null)

)

select * from final
