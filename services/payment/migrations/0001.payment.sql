-- One row per order. Amounts are integer minor units. `token` is erased when the authorization has ended.
CREATE TABLE payment (
    order_id    uuid        PRIMARY KEY,
    customer_id text        NOT NULL,
    amount      bigint      NOT NULL CHECK (amount >= 0),
    currency    text        NOT NULL,
    goal        text        NOT NULL CHECK (goal IN ('authorize', 'capture', 'give_back', 'reverse')),
    status      text        NOT NULL CHECK (status IN ('new', 'unanswered', 'missing', 'failed', 'processing',
                            'authorized', 'captured', 'refunded', 'voided', 'declined', 'refused')),
    attempt     integer     NOT NULL,
    provider_id text,
    captured    bigint      NOT NULL,
    refunded    bigint      NOT NULL,
    waits       integer     NOT NULL,
    trace       text,
    token       text,
    -- The call in flight, and when the next one is due; with a claim: when its lease ends. Null: nothing to do.
    claim       uuid,
    due_at      timestamptz,
    created_at  timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT captured_within_amount CHECK (captured BETWEEN 0 AND amount),
    CONSTRAINT refunded_within_captured CHECK (refunded BETWEEN 0 AND captured),
    CONSTRAINT token_erased CHECK (token IS NULL OR status IN ('new', 'unanswered', 'missing', 'failed', 'processing'))
) WITH (fillfactor = 70);
CREATE INDEX payment_due_at ON payment (due_at) WHERE due_at IS NOT NULL;
