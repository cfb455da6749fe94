-- A payment is created, then confirmed; its payment method stays with it, and with that what the simulator is to do.
ALTER TABLE payment_intent DROP CONSTRAINT payment_intent_status_check;
ALTER TABLE payment_intent ADD CONSTRAINT payment_intent_status_check CHECK (status IN
    ('requires_payment_method', 'requires_confirmation', 'requires_action', 'processing', 'requires_capture', 'succeeded',
     'canceled'));
ALTER TABLE payment_intent
    ADD COLUMN payment_method text, ADD COLUMN canceled_at timestamptz, ADD COLUMN cancellation_reason text;

-- The request that a key was first used by, told to whoever gets its result again.
ALTER TABLE idempotency_key ADD COLUMN request_id text;

-- Each order is lied to once about each call.
CREATE TABLE lie (
    order_id          text        NOT NULL,
    call              text        NOT NULL,
    at                timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (order_id, call)
);
