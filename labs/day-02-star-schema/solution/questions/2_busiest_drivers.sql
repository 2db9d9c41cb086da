select drivers.driver_id, count(*) as rides
from fact_rides as rides
join dim_driver as drivers using (driver_key)
where rides.status = 'completed'
group by drivers.driver_id
order by rides desc, driver_id
limit 5
