merge into dim_driver_2 as target
using (
    -- the rows that close a version, and the rows that begin one
    select driver_id as closes, driver_id, city, vehicle, op, changed_at from changes
    union all
    select null as closes, driver_id, city, vehicle, op, changed_at from changes
    where op = 'upsert'
) as source
on target.driver_id = source.closes and target.valid_to is null
when matched then update set valid_to = source.changed_at
when not matched and source.closes is null then insert (driver_id, city, vehicle, valid_from, valid_to)
values (source.driver_id, source.city, source.vehicle, source.changed_at, null)
