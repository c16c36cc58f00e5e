-- The triggers of the relations $1 that a plain session fires.
SELECT g.tgrelid AS relation, g.tgname AS name, g.tgenabled AS enabled
FROM pg_trigger g
WHERE NOT g.tgisinternal AND g.tgenabled IN ('O', 'A') AND g.tgrelid = ANY ($1::oid[])
ORDER BY g.tgrelid, g.tgname
