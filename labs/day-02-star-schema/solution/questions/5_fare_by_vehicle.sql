select drivers.vehicle, round(avg(rides.fare_cents), 2) as average_cents
from fact_rides as rides
join dim_driver as drivers using (driver_key)
where rides.status = 'completed'
group by drivers.vehicle
order by vehicle
