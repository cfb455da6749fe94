-- One row per order and kind of message: what the customer reads in the list, and the mail that is still to be sent.
CREATE TABLE notification (
    id uuid PRIMARY KEY,
    order_id uuid NOT NULL,
    kind text NOT NULL,
    customer_id text NOT NULL,
    recipient text NOT NULL,
    recipient_name text NOT NULL,
    subject text NOT NULL,
    body text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),

    -- The order event it tells of: for the HTML part, and for the dead letters. Gone once the mail is sent.
    event_id text NOT NULL,
    event_type text NOT NULL,
    event_data json,
    trace text,

    -- Sending. While `leased`, one sender has it until `due_at`; `taken` counts its senders, and fences out the earlier.
    due_at timestamptz NOT NULL DEFAULT now(),
    leased boolean NOT NULL DEFAULT false,
    taken integer NOT NULL DEFAULT 0,
    failures integer NOT NULL DEFAULT 0,
    -- How often the mail went out, or may have, without the server's answer being known.
    unknown_answers integer NOT NULL DEFAULT 0,
    sent_at timestamptz,
    failed_at timestamptz,
    failure text,

    CONSTRAINT notification_once_per_order_and_kind UNIQUE (order_id, kind)
);

CREATE INDEX notification_of_customer ON notification (customer_id, id DESC);
CREATE INDEX notification_to_send ON notification (due_at) WHERE sent_at IS NULL AND failed_at IS NULL;
