-- The labels of the enumerations $1.
SELECT enumtypid AS type, enumlabel AS label FROM pg_enum WHERE enumtypid = ANY ($1::oid[])
ORDER BY enumtypid, enumsortorder
