with

source as (

    select * from {{ source('lake', 'rides') }}

),

-- the table has a row for each delivery of an event; of those of a ride the stream's first is kept
ranked as (

    select
        source.*,
        row_number() over (
            partition by ride_id
            order by sequence_number, shard_id
        ) as occurrence
    from source

),

renamed as (

    select
        -- ids
        ride_id,
        rider_id,
        driver_id,

        -- what and where
        driver_city,
        vehicle,
        pickup_city,
        dropoff_city,
        status,
        distance_meters,

        -- amounts
        currency,
        fare_cents,
        {{ cents_to_dollars('fare_cents') }} as fare,

        -- time
        requested_at,
        ended_at,
        ride_date,

        -- where the row comes from
        shard_id,
        sequence_number
    from ranked
    where occurrence = 1

)

select * from renamed
