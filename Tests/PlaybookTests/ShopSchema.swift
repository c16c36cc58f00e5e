import LibPQ
import Playbook
import TestSupport

/// The two schemas that `shopPlaybook` is about.
enum ShopSchema {
    static let source = """
        CREATE TYPE order_status AS ENUM ('open', 'shipped', 'closed');
        CREATE DOMAIN money_amount AS numeric(12,2) CHECK (VALUE >= 0);
        CREATE TABLE customers (
            id bigint PRIMARY KEY, first_name text NOT NULL, last_name text NOT NULL, email text, tier text,
            ssn char(11), priority varchar(10), credit_limit money_amount, region text NOT NULL, signed_up date,
            owner_id bigint, search tsvector GENERATED ALWAYS AS (to_tsvector('simple', first_name)) STORED);
        CREATE TABLE orders (
            id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, customer_id bigint REFERENCES customers,
            region text, status order_status NOT NULL, total money_amount, placed timestamptz(3), flags bit(4),
            note text, tags text[]);
        """

    static let target = """
        CREATE SCHEMA crm;
        CREATE TYPE crm.status AS ENUM ('open', 'shipped', 'closed', 'returned');
        CREATE TABLE crm.tier (id int PRIMARY KEY, code text UNIQUE NOT NULL);
        INSERT INTO crm.tier VALUES (1, 'gold'), (2, 'silver');
        CREATE TABLE crm.customer (
            id bigint PRIMARY KEY, full_name text NOT NULL, email text, tier_id int REFERENCES crm.tier,
            ssn varchar(64), priority varchar(10), credit_limit numeric(12,2), owner_id bigint,
            name_length int GENERATED ALWAYS AS (length(full_name)) STORED);
        CREATE TABLE crm.order (
            id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, customer_id bigint REFERENCES crm.customer,
            region text, status crm.status NOT NULL, total numeric(12,2), placed timestamptz, flags bit(4), note text,
            tags text[]);
        """

    /// Runs `body` with both databases set up; `change` may alter them before.
    static func with<R>(
        source sourceSQL: String = source, target targetSQL: String = target,
        _ body: (_ source: Connection, _ target: Connection) throws -> R
    ) throws -> R {
        try withDatabases { sourceDatabase, targetDatabase in
            let source = try sourceDatabase.connect()
            let target = try targetDatabase.connect()
            try source.execute(sourceSQL)
            try target.execute(targetSQL)
            return try body(source, target)
        }
    }
}
