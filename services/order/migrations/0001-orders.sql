CREATE TABLE orders (
    id               uuid        PRIMARY KEY,
    customer_id      text        NOT NULL,
    contact_name     text        NOT NULL,
    contact_email    text        NOT NULL,
    status           text        NOT NULL,
    reason           text,
    version          integer     NOT NULL CHECK (version >= 1),
    lines            jsonb       NOT NULL,
    total            bigint      CHECK (total >= 0),
    currency         text        NOT NULL,
    expected_total   bigint,
    shipping_address jsonb       NOT NULL,
    payment          text        NOT NULL,
    -- erased when the authorization ends
    payment_token    text,
    created_at       timestamptz NOT NULL,
    updated_at       timestamptz NOT NULL,
    deadline_at      timestamptz,
    CHECK ((reason IS NOT NULL) = (status = 'REJECTED')),
    CHECK (total IS NOT NULL OR status IN ('PENDING', 'REJECTED', 'CANCELLED')),
    CHECK (payment_token IS NULL OR status IN ('PENDING', 'RESERVED'))
) WITH (fillfactor = 75);
CREATE INDEX orders_of_customer ON orders (customer_id, id DESC);
CREATE INDEX orders_deadline ON orders (deadline_at) WHERE deadline_at IS NOT NULL;

CREATE TABLE timeline (
    order_id uuid        NOT NULL REFERENCES orders (id),
    id       bigint      GENERATED ALWAYS AS IDENTITY,
    at       timestamptz NOT NULL,
    event    text        NOT NULL,
    status   text        NOT NULL,
    detail   text        NOT NULL,
    PRIMARY KEY (order_id, id)
);
