-- Notes when each row of lag is first seen, for :seconds.
create unlogged table seen (id bigint primary key, lag double precision);
select set_config('bench.seconds', :'seconds', false) \g /dev/null
do $$
declare
    ending timestamptz := clock_timestamp() + current_setting('bench.seconds')::float * interval '1 s';
    low bigint := 0;
begin
    while clock_timestamp() < ending loop
        -- Rows come a little out of order: look back as far as any of them can be late.
        insert into seen
        select l.id, extract(epoch from clock_timestamp() - l.written) * 1000
        from lag l where l.id > low - 3000 and not exists (select from seen s where s.id = l.id);
        if found then select max(id) into low from seen; end if;
        perform pg_sleep(0.001);
    end loop;
end $$;
