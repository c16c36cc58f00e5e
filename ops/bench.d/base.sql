-- What both sides begin with: 200,000 rows of about 120 bytes; the marker says that all before it has arrived.
create table change_target (
    id bigint primary key, owner integer not null, balance numeric(12,2) not null, note text, updated timestamptz not null);
create table marker (id integer primary key);
insert into change_target
select n, n % 97, n * 0.01, 'note number ' || n, '2024-01-01'::timestamptz + n * interval '1 s' from generate_series(1, 200000) n;
