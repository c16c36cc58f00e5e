-- Rows for the shop. {customers} is the number of customers; everything else grows with it.
INSERT INTO shop.customers (
    region, first_name, last_name, email, tier, referred_by, signed_up, created_at, calls_from, grace, credit_limit,
    balance, score, active, tags, preferences, last_seen_from)
SELECT
    (CASE WHEN n % 2 = 0 THEN 'EU' ELSE 'US' END)::shop.region,
    (ARRAY['Ada', 'Grace', 'Łukasz', 'Edsger', 'Barbara', 'Zoë', 'John "Jack"', E'O''Neil'])[1 + n % 8],
    'Name-' || n || CASE WHEN n % 50 = 0 THEN E'\twith tab' ELSE '' END,
    CASE WHEN n % 9 <> 0 THEN 'User' || n || '@Example.org' END,
    (ARRAY['basic', 'plus', 'gold'])[1 + n % 3],
    -- Somebody of the same region who came before, so that no wave cuts the reference.
    CASE WHEN n > 20 AND n % 5 = 0 THEN n - 10 END,
    date '2020-01-01' + n % 2000,
    timestamptz '2020-01-01 00:00:00+00' + n * interval '17 minutes 0.123457 seconds',
    CASE WHEN n % 4 = 0 THEN time '08:30' + n % 600 * interval '1 minute' END,
    CASE WHEN n % 6 = 0 THEN make_interval(years => n % 3, months => n % 12, days => n % 31, secs => n % 86400 + 0.5) END,
    n % 1000 * 100.50,
    CASE WHEN n % 97 = 0 THEN 'NaN' ELSE (n * 7919 % 1000003) / 1000.0 END,
    CASE WHEN n % 101 = 0 THEN 'Infinity' WHEN n % 7 = 0 THEN NULL ELSE sqrt(n) END,
    n % 10 <> 0,
    CASE WHEN n % 3 = 0 THEN ARRAY['new', 'a,b', 'say "hi"', NULL] ELSE '{}' END,
    jsonb_build_object('mail', n % 2 = 0, 'limit', n, 'langs', jsonb_build_array('pl', 'en'), 'note', 'é\n"'),
    CASE WHEN n % 3 = 1 THEN inet '10.0.0.0' + n END
FROM generate_series(1, {customers}) AS n;

INSERT INTO shop.orders (customer_id, region, state, placed_at, due, currency, total, paid_at, note)
SELECT
    1 + (n * 31) % {customers},
    (CASE WHEN (1 + (n * 31) % {customers}) % 2 = 0 THEN 'EU' ELSE 'US' END)::shop.region,
    (ARRAY['new', 'paid', 'shipped', 'closed'])[1 + n % 4]::shop.order_state,
    timestamptz '2023-05-01 12:00:00+02' + n * interval '7 minutes',
    CASE WHEN n % 3 <> 0 THEN date '2023-06-01' + n % 900 END,
    (ARRAY['EUR', 'USD', 'PLN'])[1 + n % 3],
    n % 5000 + 0.99,
    CASE WHEN n % 4 <> 0 THEN timestamp '2023-05-02 10:00:00.123' + n * interval '7 minutes' END,
    CASE WHEN n % 8 = 0 THEN 'line one' || chr(10) || 'line two \ ' || n END
FROM generate_series(1, {customers} * 2) AS n;

INSERT INTO shop.order_lines
SELECT o.id, line, 'SKU-' || (o.id * 7 + line) % 900, 1 + (o.id + line) % 9, (o.id % 300) + line * 0.0125,
    CASE WHEN o.id % 4 = 0 THEN 0.1 * line END
FROM shop.orders AS o CROSS JOIN LATERAL generate_series(1, 1 + o.id % 3) AS line;

INSERT INTO shop.tickets (id, customer_id, parent_id, subject, priority, labels, opened_at, closed_at, history, body)
SELECT
    md5('ticket ' || n)::uuid, 1 + (n * 13) % ({customers} / 2),
    -- The ticket before of the same customer.
    CASE WHEN n > {customers} / 2 THEN md5('ticket ' || (n - {customers} / 2))::uuid END,
    'Question ' || n, n % 5, CASE WHEN n % 2 = 0 THEN ARRAY[n, NULL, -n] END,
    timestamptz '2024-01-01 00:00:00+00' + n * interval '11 minutes',
    CASE WHEN n % 3 = 0 THEN timestamptz '2025-01-01 00:00:00+00' + n * interval '11 minutes' END,
    jsonb_build_array(jsonb_build_object('at', n, 'by', 'seed')),
    CASE WHEN n % 4 = 0 THEN (SELECT string_agg(md5(n || '/' || i), '') FROM generate_series(1, 100) AS i)
        WHEN n % 4 = 1 THEN NULL ELSE 'Short text ' || n END
FROM generate_series(1, {customers}) AS n;

INSERT INTO shop.attachments
SELECT t.id, 'file-' || n || '.bin', 'application/octet-stream', content, sha256(content), 0
FROM shop.tickets AS t
CROSS JOIN LATERAL generate_series(1, 1 + length(t.subject) % 2) AS n
CROSS JOIN LATERAL (
    SELECT decode(string_agg(md5(t.id::text || n || i), ''), 'hex') AS content FROM generate_series(1, 200) AS i
) AS made
WHERE t.priority > 1;

ANALYZE;
