/// The playbook of the design's part 5, in full.
let shopPlaybook = """
    playbook: shop
    source:
      postgres: ${env:SHOP_SOURCE}        # needed for direct baseline
      connector: { decimal.handling.mode: precise, time.precision.mode: adaptive }
    target:
      postgres: ${file:/run/secrets/target}
    kafka:
      brokers: [ "127.0.0.1:9092" ]
      topics: "shop.{schema}.{table}"
      format: debezium-json
      properties: {}

    entities:
      customers:
        from: public.customers
        into: crm.customer
        key: [id]
        fields:
          id: id
          full_name: "first_name || ' ' || last_name"
          email: { from: "lower(email)", reverse: email }
          tier_id: "(SELECT t.id FROM crm.tier t WHERE t.code = tier)"
          ssn: { from: ssn, mask: hmac }
          priority: priority
          credit_limit: credit_limit
        defects:
          P5-is-low: { where: "priority = 'P5'", set: { priority: "'Low'" } }
          no-email:  { where: "email IS NULL", action: quarantine }
        checks:
          critical-has-owner: "priority <> 'Critical' OR owner_id IS NOT NULL"
      orders: { from: public.orders, into: crm.order, key: [id], fields: same }

    ownership:
      default: source
      rules:
        - { entity: customers, fields: [credit_limit], owner: target }
        - { entity: orders, where: "region = 'EU'", owner: target, from: wave eu }

    waves:
      pilot: { customers: "region = 'EU' AND signed_up > '2026-08-01'", orders: via customers on customer_id }
      eu:    { customers: "region = 'EU'", orders: via customers on customer_id }
      rest:  { customers: all, orders: all }

    gates:
      cutover: { max_lag: 2s, max_downtime: 5s, verified_within: 1h, quarantine: empty, approvals: 1 }
    masking: { key: "${env:MASK_KEY}" }
    limits:
      batch_rows: 10000
      load_workers: 3
      source_connections: 2

    """
