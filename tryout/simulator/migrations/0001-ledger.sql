-- The simulator's ledger. Amounts are integer minor units; the constraints are the money rules a provider keeps.
CREATE TABLE payment_intent (
    id                text        PRIMARY KEY,
    order_id          text,
    amount            bigint      NOT NULL CHECK (amount > 0),
    currency          text        NOT NULL CHECK (currency ~ '^[a-z]{3}$'),
    status            text        NOT NULL CHECK (status IN
                      ('requires_payment_method', 'requires_action', 'processing', 'requires_capture', 'succeeded', 'canceled')),
    amount_capturable bigint      NOT NULL DEFAULT 0,
    amount_received   bigint      NOT NULL DEFAULT 0,
    amount_refunded   bigint      NOT NULL DEFAULT 0,
    last_error        jsonb,
    metadata          jsonb       NOT NULL DEFAULT '{}',
    created_at        timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT captured_within_authorized CHECK (amount_received BETWEEN 0 AND amount),
    CONSTRAINT refunded_within_captured CHECK (amount_refunded BETWEEN 0 AND amount_received),
    CONSTRAINT held_or_captured CHECK (amount_capturable BETWEEN 0 AND amount AND (amount_capturable = 0 OR amount_received = 0))
) WITH (fillfactor = 70);
CREATE INDEX payment_intent_order_id ON payment_intent (order_id);

CREATE TABLE refund (
    id                text        PRIMARY KEY,
    payment_intent_id text        NOT NULL REFERENCES payment_intent,
    amount            bigint      NOT NULL CHECK (amount > 0),
    currency          text        NOT NULL,
    status            text        NOT NULL CHECK (status = 'succeeded'),
    reason            text,
    metadata          jsonb       NOT NULL DEFAULT '{}',
    created_at        timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX refund_payment_intent_id ON refund (payment_intent_id);

-- Every movement of money, once and for ever.
CREATE TABLE entry (
    id                bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    payment_intent_id text        NOT NULL REFERENCES payment_intent,
    kind              text        NOT NULL CHECK (kind IN ('authorize', 'capture', 'void', 'refund')),
    amount            bigint      NOT NULL CHECK (amount > 0),
    at                timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX entry_once ON entry (payment_intent_id, kind) WHERE kind <> 'refund';

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the ledger is append-only';
END $$;
CREATE TRIGGER entry_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON entry
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- The first result of each key, replayed to whoever sends it again; `status` is null while it is under way.
CREATE TABLE idempotency_key (
    key               text        PRIMARY KEY,
    fingerprint       bytea       NOT NULL,
    status            smallint,
    kind              text,
    snapshot          jsonb,
    order_id          text,
    created_at        timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX idempotency_key_failed ON idempotency_key (order_id) WHERE status = 500;

-- Webhooks that wait for delivery; a delivered one is deleted, an undeliverable one keeps no due time.
CREATE TABLE event (
    id                text        PRIMARY KEY,
    type              text        NOT NULL,
    snapshot          jsonb       NOT NULL,
    attempts          smallint    NOT NULL DEFAULT 0,
    created_at        timestamptz NOT NULL DEFAULT now(),
    due_at            timestamptz DEFAULT now()
);
CREATE INDEX event_due_at ON event (due_at) WHERE due_at IS NOT NULL;
