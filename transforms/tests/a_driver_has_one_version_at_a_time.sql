-- the versions of a driver follow each other without gap or overlap, and one is the current one
{{ config(tags=['rides']) }}

with

versions as (

    select
        driver_id,
        driver_version,
        valid_from,
        valid_to,
        is_current,
        lead(valid_from) over (
            partition by driver_id
            order by driver_version
        ) as next_valid_from
    from {{ ref('dim_driver') }}

)

select *
from versions
where
    valid_to is distinct from next_valid_from
    or valid_to <= valid_from
    or is_current <> (valid_to is null)
