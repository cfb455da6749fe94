-- Who may log in. The key is the e-mail with case folded, so that one person cannot sign up twice by spelling.
CREATE TABLE customer (
    id uuid PRIMARY KEY,
    email text NOT NULL,
    email_key text NOT NULL CONSTRAINT customer_email_is_unique UNIQUE,
    name text NOT NULL,
    password_hash text NOT NULL,
    roles text[] NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

-- Every refresh token descends from one log-in; its family is revoked as a whole.
CREATE TABLE refresh_family (
    id uuid PRIMARY KEY,
    customer_id uuid NOT NULL REFERENCES customer ON DELETE CASCADE,
    revoked_at timestamptz,
    expires_at timestamptz NOT NULL
);

CREATE INDEX refresh_family_by_customer ON refresh_family (customer_id, expires_at);

-- Digests only: what is stored here cannot be used to refresh.
CREATE TABLE refresh_token (
    digest bytea PRIMARY KEY,
    family_id uuid NOT NULL REFERENCES refresh_family ON DELETE CASCADE,
    expires_at timestamptz NOT NULL,
    rotated_at timestamptz
);

CREATE INDEX refresh_token_by_family ON refresh_token (family_id);

-- Wrong passwords per e-mail, known or not. A row whose time has passed says nothing and may go.
CREATE TABLE wrong_password (
    email_digest bytea PRIMARY KEY,
    clears_at timestamptz NOT NULL
);

CREATE INDEX wrong_password_by_time ON wrong_password (clears_at);
