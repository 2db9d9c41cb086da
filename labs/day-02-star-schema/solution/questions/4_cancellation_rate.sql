select
    pickup.city,
    round(count(*) filter (where rides.status = 'cancelled') / count(*), 4) as rate
from fact_rides as rides
join dim_location as pickup on pickup.location_key = rides.pickup_location_key
group by pickup.city
order by city
