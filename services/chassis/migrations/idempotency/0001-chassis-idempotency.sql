-- The first answer given under an Idempotency-Key; commits with the effect it stands for.
CREATE TABLE idempotency_key (
    caller      text        NOT NULL,
    path        text        NOT NULL,
    key         text        NOT NULL,
    body_hash   bytea       NOT NULL,
    status      smallint    NOT NULL,
    location    text        NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (caller, path, key)
);
CREATE INDEX idempotency_key_created_at ON idempotency_key (created_at);
