-- one row a driver
insert into dim_driver
select row_number() over (), driver_id, driver_city, vehicle
from (select distinct driver_id, driver_city, vehicle from raw_rides);

-- one row a city; the unknown one is for rides that ended nowhere
insert into dim_location values (0, 'unknown', 'none');

insert into dim_location
select row_number() over (order by pickup_city), pickup_city, currency
from (select distinct pickup_city, currency from raw_rides);

-- one row a ride: each join finds exactly one row
insert into fact_rides
select
    rides.ride_id,
    drivers.driver_key,
    pickup.location_key,
    dropoff.location_key,
    rides.requested_at,
    date_diff('second', rides.requested_at, rides.ended_at),
    rides.distance_meters,
    rides.fare_cents,
    rides.status
from (select distinct * from raw_rides) as rides
join dim_driver as drivers using (driver_id)
join dim_location as pickup on pickup.city = rides.pickup_city
join dim_location as dropoff on dropoff.city = coalesce(rides.dropoff_city, 'unknown');
