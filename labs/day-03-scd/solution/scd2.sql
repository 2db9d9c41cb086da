merge into dim_driver_2 as target
using (
    with touched as (
        select * from dim_driver_2
        where driver_id in (select driver_id from changes)
    ),

    -- all that is known of the touched drivers, as changes; union: a batch may come twice
    known as (
        select driver_id, changed_at, city, vehicle, op from changes
        union
        select driver_id, valid_from, city, vehicle, 'upsert' from touched
        union
        -- a version that ends where none begins was ended by a delete
        select ended.driver_id, ended.valid_to, null, null, 'delete'
        from touched as ended
        left join touched as next_version
            on next_version.driver_id = ended.driver_id and next_version.valid_from = ended.valid_to
        where ended.valid_to is not null and next_version.driver_id is null
    ),

    versions as (
        select
            *,
            lead(changed_at) over (partition by driver_id order by changed_at) as valid_to
        from known
    )

    select driver_id, city, vehicle, changed_at as valid_from, valid_to
    from versions
    where op = 'upsert'
) as source
on target.driver_id = source.driver_id and target.valid_from = source.valid_from
when matched then update set valid_to = source.valid_to
when not matched then insert (driver_id, city, vehicle, valid_from, valid_to)
values (source.driver_id, source.city, source.vehicle, source.valid_from, source.valid_to)
