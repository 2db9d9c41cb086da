with

rides as (

    select * from {{ ref('stg_rides') }}

),

-- what each ride says of its driver; of rides of the same moment the last has the say
ranked as (

    select
        driver_id,
        driver_city,
        vehicle,
        requested_at,
        row_number() over (
            partition by driver_id, requested_at
            order by ride_id desc
        ) as occurrence
    from rides

),

sightings as (

    select
        driver_id,
        driver_city,
        vehicle,
        requested_at,
        lag(driver_city) over (
            partition by driver_id
            order by requested_at
        ) as driver_city_before,
        lag(vehicle) over (
            partition by driver_id
            order by requested_at
        ) as vehicle_before
    from ranked
    where occurrence = 1

),

changes as (

    select
        driver_id,
        driver_city,
        vehicle,
        requested_at as valid_from
    from sightings
    where
        driver_city_before is null
        or driver_city <> driver_city_before
        or vehicle <> vehicle_before

),

versions as (

    select
        driver_id,
        driver_city,
        vehicle,
        valid_from,
        row_number() over (
            partition by driver_id
            order by valid_from
        ) as driver_version,
        lead(valid_from) over (
            partition by driver_id
            order by valid_from
        ) as valid_to
    from changes

),

final as (

    select
        driver_id,
        driver_version,
        driver_city,
        vehicle,
        valid_from,
        valid_to,
        driver_id || '-' || cast(driver_version as varchar) as driver_key,
        valid_to is null as is_current
    from versions

)

select * from final
