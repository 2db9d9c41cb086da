create table dim_driver (
    driver_key integer primary key,
    driver_id varchar not null unique,
    city varchar not null,
    vehicle varchar not null
);

create table dim_location (
    location_key integer primary key,
    city varchar not null unique,
    currency varchar not null
);

create table fact_rides (
    ride_id varchar primary key,
    driver_key integer not null references dim_driver (driver_key),
    pickup_location_key integer not null references dim_location (location_key),
    dropoff_location_key integer not null references dim_location (location_key),
    requested_at timestamp not null,
    duration_seconds integer not null,
    distance_meters integer not null,
    fare_cents integer not null,
    status varchar not null
);
