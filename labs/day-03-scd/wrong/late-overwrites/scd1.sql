merge into dim_driver_1 as target
using (
    select driver_id, city, vehicle, op = 'delete' as is_deleted, changed_at
    from (
        select *, row_number() over (partition by driver_id order by changed_at desc) as newest
        from changes
    ) as numbered
    where newest = 1
) as source
on target.driver_id = source.driver_id
when matched then update set
    city = source.city,
    vehicle = source.vehicle,
    is_deleted = source.is_deleted,
    changed_at = source.changed_at
when not matched then insert (driver_id, city, vehicle, is_deleted, changed_at)
values (source.driver_id, source.city, source.vehicle, source.is_deleted, source.changed_at)
