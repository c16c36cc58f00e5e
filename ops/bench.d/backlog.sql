-- 300,000 changes, a third each: inserts of rows 200001.., updates of rows 1.., deletes of rows 100001..
-- :batch changes a transaction; :step 1 for keys in order, a number that shares no factor with 100,000 for scattered ones.
set synchronous_commit = off;
select set_config('bench.batch', :'batch', false), set_config('bench.step', :'step', false) \g /dev/null
do $$
declare
    batch integer := current_setting('bench.batch')::integer;
    step bigint := current_setting('bench.step')::bigint;
    n integer := 0;
    k integer;
begin
    for i in 1..100000 loop
        k := 1 + (i * step) % 100000;
        insert into change_target
        values (200000 + k, i % 97, i * 0.01, 'note number ' || i, '2025-01-01'::timestamptz + i * interval '1 s');
        n := n + 1; if n % batch = 0 then commit; end if;
        update change_target set balance = balance + 1, updated = '2025-01-01'::timestamptz + i * interval '1 s' where id = k;
        n := n + 1; if n % batch = 0 then commit; end if;
        delete from change_target where id = 100000 + k;
        n := n + 1; if n % batch = 0 then commit; end if;
    end loop;
end $$;
insert into marker values (1);
