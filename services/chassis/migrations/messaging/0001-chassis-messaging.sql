-- The transactional outbox: rows are published in id order per bucket and deleted once Kafka acknowledged them.
CREATE TABLE outbox (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    bucket      smallint    NOT NULL,
    topic       text        NOT NULL,
    key         text        NOT NULL,
    payload     bytea       NOT NULL,
    headers     jsonb       NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now()
);
ALTER TABLE outbox SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_cost_delay = 0);

-- Which relay may publish which bucket. A lease outlives its owner by seconds, never for ever.
CREATE TABLE outbox_lease (
    bucket      smallint    PRIMARY KEY,
    owner       text,
    expires_at  timestamptz NOT NULL DEFAULT '-infinity'
);
INSERT INTO outbox_lease (bucket) SELECT generate_series(0, 15);

-- The relays that are alive, so that they can share the buckets fairly.
CREATE TABLE outbox_relay (
    owner       text        PRIMARY KEY,
    expires_at  timestamptz NOT NULL
);

-- The inbox: each message's effect happens once, because its row commits with the effect.
CREATE TABLE inbox (
    message_id  text        PRIMARY KEY,
    received_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX inbox_received_at ON inbox USING brin (received_at);
