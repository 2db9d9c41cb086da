select city, round(avg(rate), 4) as rate
from (
    select
        pickup.city,
        cast(rides.requested_at as date) as day,
        count(*) filter (where rides.status = 'cancelled') / count(*) as rate
    from fact_rides as rides
    join dim_location as pickup on pickup.location_key = rides.pickup_location_key
    group by all
)
group by city
order by city
