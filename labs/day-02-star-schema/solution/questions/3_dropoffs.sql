select dropoff.city, count(*) as rides
from fact_rides as rides
join dim_location as dropoff on dropoff.location_key = rides.dropoff_location_key
group by dropoff.city
order by city
