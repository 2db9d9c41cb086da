-- rides and fares are neither lost nor made on the way from the lake to the facts, however often a ride was delivered
{{ config(tags=['rides']) }}

with

lake as (

    select
        count(distinct ride_id) as rides,
        coalesce(sum(case when occurrence = 1 then fare_cents end), 0) as fare_cents
    from (
        select
            ride_id,
            fare_cents,
            row_number() over (
                partition by ride_id
                order by sequence_number, shard_id
            ) as occurrence
        from {{ source('lake', 'rides') }}
    ) as deliveries

),

facts as (

    select
        count(*) as rides,
        coalesce(sum(fare_cents), 0) as fare_cents
    from {{ ref('fct_rides') }}

)

select
    lake.rides as rides_in_lake,
    facts.rides as rides_in_facts,
    lake.fare_cents as fare_cents_in_lake,
    facts.fare_cents as fare_cents_in_facts
from lake
cross join facts
where
    lake.rides <> facts.rides
    or lake.fare_cents <> facts.fare_cents
